/**
 * Comma-separated values (RFC 4180), as spreadsheets write them: also with semicolons or tabs, and with a byte order mark.
 *
 * @module
 */
import { mostRows, type Rows } from "@vigil/core/CameraSheet"
import { CsvError, type Options, parse } from "csv-parse"
import { stringify } from "csv-stringify/sync"
import { Effect } from "effect"
import { pipeline } from "node:stream/promises"
import { setImmediate } from "node:timers/promises"
import { SheetError } from "./SheetError.js"

const separators = [",", ";", "\t"] as const

/** The one that is most often in the first line. */
const separatorOf = (text: string): string => {
  const [line = ""] = text.split(/[\r\n]/, 1)
  const count = (separator: string) => line.split(separator).length
  return separators.reduce<string>((best, other) => (count(other) > count(best) ? other : best), ",")
}

/** Spreadsheets take what begins so for a formula (OWASP, CSV injection); an apostrophe before it makes it text. */
const guarded = /^'+[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/

const withoutGuard = (field: string): string => (guarded.test(field) ? field.slice(1) : field)

/** Characters that are parsed before others have their turn. */
const slice = 64 * 1024

/** Characters of one row: a quote that is never closed would take the rest of the file. */
const longestRow = 256 * 1024

async function* slicesOf(text: string) {
  for (let at = 0; at < text.length; at += slice) {
    yield text.slice(at, at + slice)
    await setImmediate()
  }
}

const options = (delimiter: string): Options => ({
  delimiter,
  record_delimiter: ["\r\n", "\n", "\r"],
  relax_column_count: true,
  relax_quotes: true,
  max_record_size: longestRow,
  cast: withoutGuard
})

const readRows = async (text: string): Promise<Rows> => {
  const rows: Array<ReadonlyArray<string>> = []
  await pipeline(slicesOf(text), parse(options(separatorOf(text))), async (records: AsyncIterable<ReadonlyArray<string>>) => {
    for await (const record of records) {
      if (rows.push(record) > mostRows + 1) throw new SheetError({ detail: `the file has more than ${mostRows} rows` })
    }
  })
  return rows
}

const toSheetError = (error: unknown): SheetError => {
  if (error instanceof SheetError) return error
  const reason = error instanceof CsvError ? error.message : String(error)
  return new SheetError({ detail: `the CSV file cannot be read: ${reason}` })
}

/** The rows of the text, each with as many fields as it has; an empty line is a row of one empty field, so that rows count as in an editor. */
export const readCsv = (text: string): Effect.Effect<Rows, SheetError> =>
  Effect.tryPromise({ try: () => readRows(text.replace(/^\uFEFF/, "")), catch: toSheetError })

export const writeCsv = (rows: Rows): string =>
  stringify(
    rows.map((row) => row.map((field) => (guarded.test(field) ? `'${field}` : field))),
    { escape_formulas: true, record_delimiter: "\r\n", quoted_match: /[\r\n]/ }
  )
