/** One way of the server's `WWW-Authenticate` to prove who we are (RFC 7235 4.1). */
export interface Challenge {
  /** Lower case: `basic`, `digest`. */
  readonly scheme: string
  /** Names in lower case, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>
}

const maxLength = 4096
const maxParameters = 32

const token = /[^\s",=]+/y
const parameter = /\s*([^\s",=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*/y

/**
 * Reads the challenges of one header value; several may stand in one, separated by commas. Reads as much as makes sense: what
 * follows a syntax error is left out.
 */
export const parseChallenges = (header: string): ReadonlyArray<Challenge> => {
  const text = header.slice(0, maxLength)
  const challenges: Array<Challenge> = []
  let position = 0
  let current: Map<string, string> | undefined
  while (position < text.length) {
    while (text[position] === "," || text[position] === " " || text[position] === "\t") position++
    parameter.lastIndex = position
    const pair = current === undefined ? null : parameter.exec(text)
    if (pair !== null && current !== undefined) {
      const [, name = "", quoted, plain = ""] = pair
      if (current.size >= maxParameters) break
      current.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"))
      position = parameter.lastIndex
      continue
    }
    token.lastIndex = position
    const scheme = token.exec(text)
    if (scheme === null) break
    current = new Map()
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: current })
    position = token.lastIndex
  }
  return challenges
}
