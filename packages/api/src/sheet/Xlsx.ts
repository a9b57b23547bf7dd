/**
 * The first sheet of a workbook (ECMA-376 part 1, SpreadsheetML) as the text that people see in it, and a workbook of one sheet. Formulas are never computed, nothing
 * outside of the file is read, and every size is bounded.
 *
 * @module
 */
import type { Rows } from "@vigil/core/CameraSheet"
import { mostRows } from "@vigil/core/CameraSheet"
import { Chunk, Effect, Stream } from "effect"
import { SaxesParser } from "saxes"
import { readZip } from "../zip/ReadZip.js"
import { type ZipPart, zipStream } from "../zip/ZipStream.js"
import { numberFormats } from "./NumberFormat.js"
import { SheetError } from "./SheetError.js"

/** Bytes of one unpacked file of the workbook. */
const mostUnpacked = 32 * 1024 * 1024
const mostColumns = 64
/** What spreadsheets hold. */
const longestCell = 32_767
const mostStyles = 65_536
const mostStrings = mostRows * mostColumns
/** Characters that are parsed before others have their turn. */
const slice = 64 * 1024

/** Local names and attributes of elements as they come; `text` is the characters since the element before. */
interface Listener {
  readonly open: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly close: (name: string, text: string) => void
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1)

const parse = (data: Uint8Array, listener: Listener): Effect.Effect<void, SheetError> =>
  Effect.gen(function* () {
    const parser = new SaxesParser()
    let text = ""
    parser.on("doctype", () => {
      throw new SheetError({ detail: "the XLSX file has a document type declaration" })
    })
    parser.on("opentag", ({ attributes, name }) => {
      text = ""
      listener.open(localName(name), attributes)
    })
    parser.on("text", (more) => {
      if (text.length <= longestCell) text += more
    })
    parser.on("closetag", ({ name }) => {
      listener.close(localName(name), text)
      text = ""
    })
    const write = (some: string) =>
      Effect.try({
        try: () => void parser.write(some),
        catch: (error) => (error instanceof SheetError ? error : new SheetError({ detail: "the XLSX file holds damaged XML" }))
      })
    const xml = new TextDecoder().decode(data)
    for (let at = 0; at < xml.length; at += slice) {
      yield* write(xml.slice(at, at + slice))
      yield* Effect.sleep(0)
    }
    yield* Effect.try({
      try: () => void parser.close(),
      catch: () => new SheetError({ detail: "the XLSX file holds damaged XML" })
    })
  })

const tooLong = (what: string) => new SheetError({ detail: `the sheet has ${what}` })

/** Characters that XML has no place for (ECMA-376 part 1, 22.9.2.19, ST_Xstring). */
const unescaped = (text: string): string =>
  text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** Texts that cells refer to by number. Phonetic hints are no text. */
const readStrings = (data: Uint8Array) =>
  Effect.gen(function* () {
    const strings: Array<string> = []
    let current = ""
    let isHint = false
    yield* parse(data, {
      open: (name) => {
        if (name === "si") current = ""
        if (name === "rPh") isHint = true
      },
      close: (name, text) => {
        if (name === "t" && !isHint) current += unescaped(text)
        if (name === "rPh") isHint = false
        if (name !== "si") return
        if (strings.length >= mostStrings) throw tooLong("too many texts")
        strings.push(current)
      }
    })
    return strings
  })

/** `C7` is column 2. */
const columnOf = (reference: string): number => {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0] ?? ""
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1
}

/** How numbers are shown, by the style of their cell. */
const readFormats = (data: Uint8Array | undefined, is1904: boolean) =>
  Effect.gen(function* () {
    const codes = new Map<number, string>()
    const styles: Array<number> = []
    let isOfCells = false
    if (data !== undefined) {
      yield* parse(data, {
        open: (name, { formatCode = "", numFmtId }) => {
          if (name === "cellXfs") isOfCells = true
          if (codes.size + styles.length > mostStyles) throw tooLong("too many styles")
          if (name === "numFmt") codes.set(Number(numFmtId), formatCode)
          if (name === "xf" && isOfCells) styles.push(Number(numFmtId ?? 0))
        },
        close: (name) => {
          if (name === "cellXfs") isOfCells = false
        }
      })
    }
    return numberFormats(styles, codes, is1904)
  })

/** A date is kept as ISO 8601 by some programs: a day has no time. */
const shownDate = (text: string): string => text.replace(/T00:00:00(\.0+)?Z?$/, "").replace("T", " ")

const readCells = (data: Uint8Array, strings: ReadonlyArray<string>, shown: ReturnType<typeof numberFormats>) =>
  Effect.gen(function* () {
    const rows: Array<Array<string>> = []
    let row: Array<string> = []
    let cell = { column: -1, type: "n", style: 0, text: "" }
    let isHint = false
    const valueOf = (text: string): string => {
      if (cell.type === "s") return strings[Number(text)] ?? ""
      if (cell.type === "b") return text === "1" ? "true" : "false"
      if (cell.type === "n") return shown(text, cell.style)
      return cell.type === "d" ? shownDate(text) : unescaped(text)
    }
    yield* parse(data, {
      open: (name, attributes) => {
        if (name === "row") {
          const number = Number(attributes["r"] ?? rows.length + 1)
          if (!Number.isInteger(number) || number <= rows.length) throw tooLong("rows in no order")
          if (number > mostRows + 1) throw tooLong(`more than ${mostRows} rows`)
          while (rows.length < number) rows.push((row = []))
        }
        if (name === "rPh") isHint = true
        if (name !== "c") return
        const column = attributes["r"] === undefined ? cell.column + 1 : columnOf(attributes["r"])
        if (column < 0 || column >= mostColumns) throw tooLong(`more than ${mostColumns} columns`)
        cell = { column, type: attributes["t"] ?? "n", style: Number(attributes["s"] ?? 0), text: "" }
      },
      close: (name, text) => {
        if (name === "v") cell.text = valueOf(text)
        if (name === "t" && !isHint) cell.text += unescaped(text)
        if (name === "rPh") isHint = false
        if (name === "row") cell = { ...cell, column: -1 }
        if (name !== "c") return
        if (cell.text.length > longestCell) throw tooLong(`a cell of more than ${longestCell} characters`)
        while (row.length < cell.column) row.push("")
        row[cell.column] = cell.text
      }
    })
    return rows
  })

/** Where the first sheet is, and whether its days are counted from 1904. */
const firstSheet = (workbook: Uint8Array, relations: Uint8Array) =>
  Effect.gen(function* () {
    let id: string | undefined
    let is1904 = false
    const targets = new Map<string, string>()
    yield* parse(workbook, {
      open: (name, attributes) => {
        if (name === "workbookPr") is1904 = attributes["date1904"] === "1" || attributes["date1904"] === "true"
        if (name === "sheet") id ??= Object.entries(attributes).find(([key]) => localName(key) === "id" && key.includes(":"))?.[1]
      },
      close: () => undefined
    })
    yield* parse(relations, {
      open: (name, { Id, Target }) => {
        if (name === "Relationship" && Id !== undefined && Target !== undefined) targets.set(Id, Target)
      },
      close: () => undefined
    })
    const target = id === undefined ? undefined : targets.get(id)
    return { is1904, sheet: target?.startsWith("/") === true ? target.slice(1) : `xl/${target ?? "worksheets/sheet1.xml"}` }
  })

/** The cells of the first sheet as text. */
export const readXlsx = (data: Uint8Array): Effect.Effect<Rows, SheetError> =>
  Effect.gen(function* () {
    const file = yield* readZip(data, mostUnpacked)
    const needed = (name: string) =>
      Effect.flatMap(file(name), (found) =>
        found === undefined
          ? new SheetError({ detail: `the file is no XLSX workbook: it has no ${name}` })
          : Effect.succeed(found)
      )
    const { is1904, sheet } = yield* firstSheet(yield* needed("xl/workbook.xml"), yield* needed("xl/_rels/workbook.xml.rels"))
    const shared = yield* file("xl/sharedStrings.xml")
    const strings = shared === undefined ? [] : yield* readStrings(shared)
    const shown = yield* readFormats(yield* file("xl/styles.xml"), is1904)
    return yield* readCells(yield* needed(sheet), strings, shown)
  }).pipe(Effect.catchTag("ZipError", ({ detail }) => new SheetError({ detail: `the XLSX file cannot be read: ${detail}` })))

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

const inHexadecimal = (character: string): string => `_x${character.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}_`

const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are no characters of XML 1.0, or not kept by it
  text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)|[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, inHexadecimal)
    .replace(/[&<>"]/g, (character) => escapes[character] ?? "")

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
const types = "http://schemas.openxmlformats.org/package/2006/content-types"
const packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships"
const documentRelations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const contentType = "application/vnd.openxmlformats-officedocument.spreadsheetml"

/** A workbook whose cells are all text. */
export const writeXlsx = (rows: Rows): Effect.Effect<Uint8Array> => {
  const cells = (row: Rows[number]) =>
    row.map((cell) => `<c t="inlineStr"><is><t xml:space="preserve">${escaped(cell)}</t></is></c>`).join("")
  const sheet = rows.map((row, index) => `<row r="${index + 1}">${cells(row)}</row>`).join("")
  const files = Stream.make<Array<ZipPart>>(
    [
      "[Content_Types].xml",
      `${head}<Types xmlns="${types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${contentType}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${contentType}.worksheet+xml"/></Types>`
    ],
    [
      "_rels/.rels",
      `${head}<Relationships xmlns="${packageRelations}"><Relationship Id="r1" Type="${documentRelations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`
    ],
    [
      "xl/workbook.xml",
      `${head}<workbook xmlns="${main}" xmlns:r="${documentRelations}"><sheets><sheet name="Cameras" sheetId="1" r:id="r1"/></sheets></workbook>`
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `${head}<Relationships xmlns="${packageRelations}"><Relationship Id="r1" Type="${documentRelations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
    ],
    ["xl/worksheets/sheet1.xml", `${head}<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`]
  )
  return Effect.map(Stream.runCollect(zipStream(files)), (chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks)))
}
