/** Prints text in place of the text before, cut to the terminal's height, so that a table changes where it stands. */
export const makeWatchScreen = () => {
  let shown = 0
  return (text: string): void => {
    const lines = text.split("\n").slice(0, (process.stdout.rows || 24) - 1)
    const back = shown === 0 ? "" : `\u001B[${shown}A`
    process.stdout.write(`${back}\u001B[J${lines.join("\n")}\n`)
    shown = lines.length
  }
}
