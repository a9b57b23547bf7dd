/** Prints text in place of the text before, cut to the terminal's height, so that a table changes where it stands. */
export const makeWatchScreen = () => {
  let shown = 0
  let size = ""
  return (text: string): void => {
    const lines = text.split("\n").slice(0, watchRows())
    const now = `${process.stdout.columns}x${process.stdout.rows}`
    // Lines of a terminal that became narrower are broken: nobody knows how many there are now.
    const anew = shown > 0 && now !== size
    size = now
    const back = anew ? "\u001B[H\u001B[J" : shown === 0 ? "" : `\u001B[${shown}A\u001B[J`
    process.stdout.write(`${back}${lines.join("\n")}\n`)
    shown = lines.length
  }
}

/** Lines that fit above the cursor's own. */
export const watchRows = (): number => (process.stdout.rows || 24) - 1
