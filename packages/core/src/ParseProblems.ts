/**
 * What schemas find wrong, for people: Effect's schemas tell of each part of a union on its own.
 *
 * @module
 */

interface Issue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

export interface ParseProblem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly detail: string
}

/** An optional field is a union with `undefined` or null; that it is not that either helps nobody, and repeats what was given. */
const isNoise = ({ message }: Issue): boolean => /^Expected (undefined|null), actual /.test(message)

const choice = /^Expected ("[^"]*"|[\d.]+), actual ([^]*)$/

/** What may stand there are literals: told as one list of them. */
const asChoice = (details: ReadonlyArray<string>): string | undefined => {
  const choices = details.map((detail) => choice.exec(detail))
  const actual = choices[0]?.[2]
  if (choices.length < 2 || choices.some((found) => found?.[2] !== actual)) return undefined
  return `Expected one of ${choices.map((found) => found?.[1]).join(", ")}, actual ${actual}`
}

/** The problems, those of one value together. */
export const parseProblems = (issues: ReadonlyArray<Issue>): ReadonlyArray<ParseProblem> => {
  const telling = issues.filter((issue) => !isNoise(issue))
  const byValue = new Map<string, { readonly path: Issue["path"]; readonly details: Array<string> }>()
  for (const { message, path } of telling.length === 0 ? issues : telling) {
    const key = JSON.stringify(path)
    const value = byValue.get(key) ?? { path, details: [] }
    value.details.push(message)
    byValue.set(key, value)
  }
  return [...byValue.values()].flatMap(({ details, path }) => {
    const one = asChoice(details)
    return (one === undefined ? details : [one]).map((detail) => ({ path, detail }))
  })
}
