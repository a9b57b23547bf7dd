/**
 * Cameras as rows of a table, for import and export: the first row names the columns.
 *
 * @module
 */
import { Effect, Either, Option, ParseResult, Schema } from "effect"
import { type Camera, NewCamera } from "./Camera.js"
import type { EdgeId, PlaceId } from "./Ids.js"
import { parseProblems } from "./ParseProblems.js"
import { displayUrl, wholeAddress } from "./SourceUrl.js"

const columns = [
  "name",
  "url",
  "username",
  "password",
  "enabled",
  "transport",
  "place",
  "location",
  "description",
  "tags",
  "groups",
  "edge",
  "metadata"
] as const
type Column = (typeof columns)[number]

/** A column of one entry of the metadata, as `metadata.asset`. */
type Heading = Column | `metadata.${string}`

const secretColumns = new Set<string>(["username", "password"])

/** Rows of one table, without the one that names the columns. */
export const mostRows = 10_000

export type Rows = ReadonlyArray<ReadonlyArray<string>>

/** What is wrong with a row. Rows are counted as spreadsheets do: the one that names the columns is 1. */
export const RowProblem = Schema.Struct({
  row: Schema.Int,
  /** Absent where the row as a whole is wrong. */
  column: Schema.optional(Schema.String),
  detail: Schema.String
}).annotations({ identifier: "RowProblem" })
export type RowProblem = typeof RowProblem.Type

/** What became of an import. */
export const ImportReport = Schema.Struct({
  dryRun: Schema.Boolean,
  /** Rows that hold something, without the one that names the columns. */
  rows: Schema.Int,
  /** How many of them can be added. */
  good: Schema.Int,
  /** How many were added: all that are good, or none. */
  added: Schema.Int,
  /** The first thousand. */
  problems: Schema.Array(RowProblem)
}).annotations({ identifier: "ImportReport" })
export type ImportReport = typeof ImportReport.Type

/** What the rows may name, and what is there already. */
export interface SheetSurroundings {
  /** By path, as `North/Hall 2`. */
  readonly places: ReadonlyMap<string, PlaceId>
  readonly edges: ReadonlyMap<string, EdgeId>
  /** Names of cameras by the address that they show. */
  readonly addresses: ReadonlyMap<string, string>
}

export interface SheetRow {
  readonly row: number
  readonly camera: NewCamera
}

export interface ReadSheet {
  readonly rows: number
  readonly good: ReadonlyArray<SheetRow>
  readonly problems: ReadonlyArray<RowProblem>
}

const isColumn = (name: string): name is Column => columns.some((column) => column === name)

const isHeading = (name: string): name is Heading => isColumn(name) || /^metadata\../.test(name)

/** Columns are named in any case; keys of metadata are as they are. */
const named = (heading: string): string => {
  const name = heading.trim()
  return /^metadata\./i.test(name) ? `metadata.${name.slice("metadata.".length)}` : name.toLowerCase()
}

const headingsOf = (headings: ReadonlyArray<string>): Either.Either<ReadonlyArray<Heading>, ReadonlyArray<RowProblem>> => {
  const names = headings.map(named)
  const known = names.filter(isHeading)
  // It is a row of a camera, then, which may have a password in it.
  if (known.length === 0) return Either.left([{ row: 1, detail: `must name the columns: ${columns.join(", ")}, metadata.KEY` }])
  const problems = [
    ...names
      .filter((name, index) => !isHeading(name) || names.indexOf(name) !== index)
      .map((name) => ({
        row: 1,
        column: name,
        detail: isHeading(name) ? "is there twice" : `is none of ${columns.join(", ")}, metadata.KEY`
      })),
    ...(["name", "url"] as const)
      .filter((name) => !known.includes(name))
      .map((name) => ({ row: 1, column: name, detail: "is missing" }))
  ]
  return problems.length > 0 ? Either.left(problems) : Either.right(known)
}

const yes = new Set(["yes", "true", "1", "on"])
const no = new Set(["no", "false", "0", "off"])

const labels = (text: string): ReadonlyArray<string> =>
  text
    .split(/[,;]/)
    .map((label) => label.trim())
    .filter((label) => label !== "")

type Fields = Partial<Record<Heading, string>>
type Complain = (column: Heading, detail: string) => void

const lookUp = <A>(
  known: ReadonlyMap<string, A>,
  column: Column,
  text: string | undefined,
  complain: Complain
): A | undefined => {
  if (text === undefined) return undefined
  const found = known.get(text)
  if (found === undefined) complain(column, `there is no ${column} ${text}`)
  return found
}

const enabledOf = (text: string | undefined, complain: Complain): boolean => {
  if (text === undefined || yes.has(text.toLowerCase())) return true
  if (!no.has(text.toLowerCase())) complain("enabled", "must be yes or no")
  return false
}

const credentialsOf = ({ password, username }: Fields, complain: Complain) => {
  if (username !== undefined) return { credentials: { username, password: password ?? "" } }
  if (password !== undefined) complain("username", "is missing, with a password given")
  return {}
}

const readJson = Schema.decodeUnknownOption(Schema.parseJson())
const readObject = Schema.decodeUnknownOption(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

/** What a cell of one entry says: JSON, or text. A number that JSON writes in another way is text, too: a version 1.0, a long serial number. */
const entryOf = (text: string): unknown => {
  const value = Option.getOrElse(readJson(text), () => text)
  return typeof value === "number" && String(value) !== text ? text : value
}

/** The `metadata` column has an object, `metadata.KEY` one entry. */
const metadataOf = (fields: Fields, complain: Complain): Readonly<Record<string, unknown>> => {
  const whole = fields.metadata === undefined ? Option.some({}) : readObject(fields.metadata)
  if (Option.isNone(whole)) complain("metadata", 'must be a JSON object, as {"asset": "A-7"}')
  const entries = Object.entries(fields).flatMap(([heading, text = ""]) =>
    heading.startsWith("metadata.") ? [[heading.slice("metadata.".length), entryOf(text)] as const] : []
  )
  return Object.fromEntries([...Object.entries(Option.getOrElse(whole, () => ({}))), ...entries])
}

const decodeCamera = Schema.decodeUnknownEither(NewCamera, { errors: "all" })

/** The columns that hold the fields of a camera. */
const columnOf = (path: ReadonlyArray<PropertyKey>): Column | undefined => {
  const [field] = path
  if (field === "credentials") return path[1] === "password" ? "password" : "username"
  return typeof field === "string" && isColumn(field) ? field : undefined
}

/** Without what was given: it may hold a password. */
const plainReasons: ReadonlyMap<Column | undefined, string> = new Map([
  ["url", "is longer than 2,048 characters"],
  ["username", "is no user name"],
  ["password", "is no password"]
])

/** What spreadsheets show in place of a value that cannot be computed. */
const spreadsheetError = /^#(REF!|N\/A|NAME\?|VALUE!|DIV\/0!|NULL!|NUM!|SPILL!|CALC!)$/

const isWhole = (fields: Fields, complain: Complain): boolean => {
  for (const [column, text = ""] of Object.entries(fields)) {
    if (isHeading(column) && spreadsheetError.test(text))
      complain(column, `has the spreadsheet's error ${text} in place of a value`)
  }
  const missing = (["name", "url"] as const).filter((column) => fields[column] === undefined)
  for (const column of missing) complain(column, "is missing")
  return missing.length === 0
}

const readRow = (fields: Fields, { addresses, edges, places }: SheetSurroundings, complain: Complain): NewCamera | undefined => {
  const placeId = lookUp(places, "place", fields.place, complain)
  const edge = lookUp(edges, "edge", fields.edge, complain)
  const given = {
    name: fields.name ?? "",
    url: fields.url ?? "",
    ...credentialsOf(fields, complain),
    enabled: enabledOf(fields.enabled, complain),
    ...(fields.transport === undefined ? {} : { transport: fields.transport }),
    ...(placeId === undefined ? {} : { placeId }),
    ...(edge === undefined ? {} : { edge }),
    location: fields.location ?? null,
    description: fields.description ?? null,
    tags: labels(fields.tags ?? ""),
    groups: labels(fields.groups ?? ""),
    metadata: metadataOf(fields, complain)
  }
  if (!isWhole(fields, complain)) return undefined
  const decoded = decodeCamera(given)
  if (Either.isLeft(decoded)) {
    for (const { detail, path } of parseProblems(ParseResult.ArrayFormatter.formatErrorSync(decoded.left))) {
      const column = columnOf(path)
      complain(column ?? "name", plainReasons.get(column) ?? detail)
    }
    return undefined
  }
  const address = wholeAddress(decoded.right.url)
  if (Either.isLeft(address)) {
    complain("url", address.left.detail)
    return undefined
  }
  const other = addresses.get(displayUrl(address.right.url))
  if (other !== undefined) complain("url", `${other} has this address already`)
  return decoded.right
}

const fieldsOf = (headings: ReadonlyArray<Heading>, row: ReadonlyArray<string>): Fields =>
  Object.fromEntries(
    headings.flatMap((column, index) => {
      const text = row[index]?.trim() ?? ""
      return text === "" ? [] : [[column, text]]
    })
  )

/** Rows that are looked at before others have their turn. */
const rowsAtOnce = 50

/** Which rows can be added as cameras, and what is wrong with the others. Rows that hold nothing are passed over. */
export const readSheet = (table: Rows, surroundings: SheetSurroundings): Effect.Effect<ReadSheet> =>
  Effect.gen(function* () {
    const headings = headingsOf(table[0] ?? [])
    if (Either.isLeft(headings)) return { rows: 0, good: [], problems: headings.left }
    const addresses = new Map(surroundings.addresses)
    const good: Array<SheetRow> = []
    const problems: Array<RowProblem> = []
    let rows = 0
    for (const [index, cells] of table.entries()) {
      const fields = fieldsOf(headings.right, cells)
      if (index === 0 || Object.keys(fields).length === 0) continue
      rows += 1
      const row = index + 1
      if (rows % rowsAtOnce === 0) yield* Effect.sleep(0)
      const before = problems.length
      if (cells.slice(headings.right.length).some((cell) => cell.trim() !== "")) {
        problems.push({ row, detail: "has more cells than there are columns" })
      }
      const camera = readRow(fields, { ...surroundings, addresses }, (column, detail) => problems.push({ row, column, detail }))
      if (camera === undefined) continue
      Either.map(wholeAddress(camera.url), ({ url }) => {
        if (!addresses.has(displayUrl(url))) addresses.set(displayUrl(url), `row ${row}`)
      })
      if (problems.length === before) good.push({ row, camera })
    }
    return { rows, good, problems }
  })

/** Columns that keys of metadata may have; the others share one. */
const mostKeyColumns = 40

/** Keys that a heading says as they are. */
const isPlainKey = (key: string): boolean => /^[\p{L}\p{N}]([\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}])?$/u.test(key)

/** JSON of what no table keeps as it is. */
const json = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

/** Text as it is, unless it would be read as something else. */
const cellOf = (value: unknown): string => {
  if (value === undefined) return ""
  const isPlain =
    typeof value === "string" && /^[^\s'](.*\S)?$/u.test(value) && !/\p{Cc}|\p{Cs}/u.test(value) && entryOf(value) === value
  return isPlain && !spreadsheetError.test(value) ? value : json(value)
}

/** Columns of the entries that all cameras' metadata has, and one for what has none of its own. */
const metadataColumns = (cameras: ReadonlyArray<Camera>) => {
  const keys = [...new Set(cameras.flatMap(({ metadata }) => Object.keys(metadata)))].sort()
  const own = keys.filter(isPlainKey).slice(0, mostKeyColumns)
  const known = new Set(own)
  const restOf = ({ metadata }: Camera) => Object.entries(metadata).filter(([key]) => !known.has(key))
  const hasRest = keys.length > own.length
  return {
    headings: [...own.map((key) => `metadata.${key}`), ...(hasRest ? ["metadata"] : [])],
    cells: (camera: Camera) => {
      const rest = restOf(camera)
      const shared = rest.length === 0 ? "" : json(Object.fromEntries(rest))
      // Keys may be called as what every object inherits, `toString` for one.
      const entry = (key: string) => (Object.hasOwn(camera.metadata, key) ? camera.metadata[key] : undefined)
      return [...own.map((key) => cellOf(entry(key))), ...(hasRest ? [shared] : [])]
    }
  }
}

/** The same form, without what must not leave. */
export const writeSheet = (
  cameras: ReadonlyArray<Camera>,
  places: ReadonlyMap<PlaceId, string>,
  edges: ReadonlyMap<EdgeId, string>
): Rows => {
  const metadata = metadataColumns(cameras)
  return [
    [...columns.filter((column) => !secretColumns.has(column) && column !== "metadata"), ...metadata.headings],
    ...cameras.map((camera) => [
      camera.name,
      camera.url,
      camera.enabled ? "yes" : "no",
      camera.transport,
      camera.placeId === null ? "" : (places.get(camera.placeId) ?? ""),
      camera.location ?? "",
      camera.description ?? "",
      camera.tags.join("; "),
      camera.groups.join("; "),
      camera.edge === null ? "" : (edges.get(camera.edge) ?? ""),
      ...metadata.cells(camera)
    ])
  ]
}
