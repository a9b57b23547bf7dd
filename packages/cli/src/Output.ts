import { Options } from "@effect/cli"
import { Console, Effect, ParseResult, Schema } from "effect"
import { readFile } from "node:fs/promises"

/** `--json` of every command: one JSON value, or one a line, instead of text for people. */
export const json = Options.boolean("json").pipe(Options.withDescription("Print JSON for programs instead of text for people."))

/** A command did not reach its goal: exit code 1 and one sentence on standard error. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** What was typed is not a proper call: exit code 2. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** The text of a file that an option names. */
export const readText = (file: string): Effect.Effect<string, UsageError> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (error) =>
      new UsageError({ detail: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` })
  })

/** What was typed, as a value of a Schema; `what` says in the error where it came from. */
export const decodeTyped =
  <A, I>(schema: Schema.Schema<A, I>, what: string) =>
  (input: unknown): Effect.Effect<A, UsageError> =>
    Effect.mapError(Schema.decodeUnknown(schema)(input), (error) => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
      const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.map(String).join(".")}`
      return new UsageError({ detail: `${what}${where}: ${issue?.message ?? error.message}` })
    })

/** Prints a value of a Schema as one line of JSON. */
export const printJson =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (value: A) =>
    Schema.encode(schema)(value).pipe(
      // swallowed: a value of the Schema's own type that cannot be encoded is a mistake in the program
      Effect.orDie,
      Effect.flatMap((encoded) => Console.log(JSON.stringify(encoded)))
    )

/** A terminal of unknown size says 0. */
const terminalWidth = (): number => process.stdout.columns || Number.POSITIVE_INFINITY

/** Rows under headings, columns as wide as they must be; cut to the terminal's width where there is one. */
export const table = (
  headings: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  limit = terminalWidth()
): string => {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) => {
    const text = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
    return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  }
  return [line(headings), ...rows.map(line)].join("\n")
}

/** Bytes as people read them, in powers of 1000. */
export const bytes = (count: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3))
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
