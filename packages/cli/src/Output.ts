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

/** What would have ended by itself was cancelled: exit code 130, as of programs that end by SIGINT. */
export class Cancelled extends Schema.TaggedError<Cancelled>()("Cancelled", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** Says so; for what runs when a command is interrupted, which can end in no error any more. */
export const cancelled = (detail: string): Effect.Effect<never> =>
  Effect.zipRight(Console.error(`vigil: ${detail}`), Effect.die(new Cancelled({ detail })))

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

/** To this width the widest columns are shortened. */
const leastWidth = 12
/** Ids, which other commands want whole, and times. */
const isWhole = (cell: string): boolean => /^([0-9a-f]{8}-[0-9a-f]{4}-|\d{4}-\d\d-\d\d)/.test(cell)

/** The widths of columns that are at most so wide together, with two spaces between, as far as those that may be shortened allow it. */
const shortened = (widths: ReadonlyArray<number>, least: ReadonlyArray<number>, limit: number): ReadonlyArray<number> => {
  const fit = [...widths]
  let over = fit.reduce((sum, width) => sum + width, 2 * (fit.length - 1)) - limit
  while (over > 0) {
    const widest = fit.reduce((best, width, column) => {
      const gain = width - (least[column] ?? width)
      return gain > 0 && (best < 0 || width > (fit[best] ?? 0)) ? column : best
    }, -1)
    if (widest < 0) return fit
    fit[widest] = (fit[widest] ?? 0) - 1
    over -= 1
  }
  return fit
}

/**
 * Rows under headings, columns as wide as they must be. Where the terminal is narrower the widest are shortened, but none with ids, which are there to be copied: what does not
 * fit even so goes over into the next line.
 */
export const table = (
  headings: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  limit = terminalWidth()
): string => {
  const columns = headings.map((heading, column) => [heading, ...rows.map((row) => row[column] ?? "")])
  const needed = columns.map((cells) => Math.max(...cells.map(({ length }) => length)))
  const least = columns.map((cells, column) =>
    cells.some(isWhole) ? (needed[column] ?? 0) : Math.max(leastWidth, headings[column]?.length ?? 0)
  )
  const widths = shortened(needed, least, limit)
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? cell.length
        return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width)
      })
      .join("  ")
      .trimEnd()
  return [line(headings), ...rows.map(line)].join("\n")
}

/** Bytes as people read them, in powers of 1000. */
export const bytes = (count: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3))
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
