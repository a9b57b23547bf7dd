import { ParseResult } from "effect"

/** What is wrong with a value, and where in it, in one line. */
export const issueSentence = (error: ParseResult.ParseError): string => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  const choices = new Set(
    issues.map(({ message, path }) => `${path.map(String).join(".")}${path.length === 0 ? "" : ": "}${message}`)
  )
  return [...choices].join("; ")
}
