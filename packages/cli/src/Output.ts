import { Options } from "@effect/cli"
import { Console, Effect, Schema } from "effect"

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

/** Prints a value of a Schema as one line of JSON. */
export const printJson =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (value: A) =>
    Schema.encode(schema)(value).pipe(
      Effect.orDie,
      Effect.flatMap((encoded) => Console.log(JSON.stringify(encoded)))
    )

/** Rows under headings, columns as wide as they must be; cut to the terminal's width where there is one. */
export const table = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const limit = process.stdout.columns ?? Number.POSITIVE_INFINITY
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
