import { Console, Effect } from "effect"
import { stripVTControlCharacters } from "node:util"

interface Output {
  readonly isTTY?: boolean
}

/** Prints without colours where the output is no terminal, or nowhere if `noColor`. */
export const withPlainConsole =
  (noColor: boolean) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const plain = (output: Output, parts: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
      noColor || output.isTTY !== true
        ? parts.map((part) => (typeof part === "string" ? stripVTControlCharacters(part).trimEnd() : part))
        : parts
    return Console.consoleWith((console) =>
      Effect.withConsole(work, {
        ...console,
        log: (...parts) => console.log(...plain(process.stdout, parts)),
        error: (...parts) => console.error(...plain(process.stderr, parts))
      })
    )
  }
