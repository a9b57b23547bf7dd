/**
 * Comma-separated values (RFC 4180), as spreadsheets write them: also with semicolons or tabs, and with a byte order mark.
 *
 * @module
 */

const separators = [",", ";", "\t"] as const

/** The one that is most often in the first line. */
const separatorOf = (text: string): string => {
  const [line = ""] = text.split(/\r?\n/, 1)
  const count = (separator: string) => line.split(separator).length
  return separators.reduce<string>((best, other) => (count(other) > count(best) ? other : best), ",")
}

/** Spreadsheets take what begins so for a formula (OWASP, CSV injection); an apostrophe before it makes it text. */
const formula = /^[=+\-@\t\r]/

const withoutGuard = (field: string): string => (field.startsWith("'") && formula.test(field.slice(1)) ? field.slice(1) : field)

/** The rows of the text, each with as many fields as it has. A quote that is never closed ends with the text. */
export const parseCsv = (given: string): ReadonlyArray<ReadonlyArray<string>> => {
  const text = given.replace(/^\uFEFF/, "")
  const separator = separatorOf(text)
  const rows: Array<ReadonlyArray<string>> = []
  let fields: Array<string> = []
  let field = ""
  let at = 0
  const endRow = () => {
    fields.push(withoutGuard(field))
    field = ""
    rows.push(fields)
    fields = []
  }
  /** From after the opening quote to after the closing one. */
  const quoted = (from: number): number => {
    let next = from
    for (;;) {
      const close = text.indexOf('"', next)
      if (close < 0) {
        field += text.slice(next)
        return text.length
      }
      field += text.slice(next, close)
      if (text[close + 1] !== '"') return close + 1
      field += '"'
      next = close + 2
    }
  }
  while (at < text.length) {
    const character = text[at]
    if (character === '"' && field === "") at = quoted(at + 1)
    else if (character === separator) {
      fields.push(withoutGuard(field))
      field = ""
      at += 1
    } else if (character === "\n" || character === "\r") {
      endRow()
      at += character === "\r" && text[at + 1] === "\n" ? 2 : 1
    } else {
      field += character
      at += 1
    }
  }
  if (field !== "" || fields.length > 0) endRow()
  return rows
}

const written = (field: string): string => {
  const harmless = formula.test(field) ? `'${field}` : field
  return /[",;\r\n\t]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

export const formatCsv = (rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows.map((row) => `${row.map(written).join(",")}\r\n`).join("")
