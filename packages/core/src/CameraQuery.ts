import { Schema } from "effect"
import { Camera, Label } from "./Camera.js"
import { CameraId, EdgeId, PlaceId } from "./Ids.js"
import { CursorText, pageCursors } from "./PageCursor.js"
import { PlainText } from "./PlainText.js"
import { supportedSchemes } from "./Source.js"

/** What a list is sorted by: `name` without regard to upper and lower case, or when it was `created` or last `updated`. */
const CameraSort = Schema.Literal("name", "created", "updated")
type CameraSort = typeof CameraSort.Type

const Words = PlainText(200)

/** Where a page ended: the value that the list is sorted by, and the camera's id. Times in milliseconds. */
const Cursor = Schema.Union(
  Schema.Struct({ sort: Schema.Literal("name"), key: Words, id: CameraId }),
  Schema.Struct({
    sort: Schema.Literal("created", "updated"),
    key: Schema.Int.pipe(Schema.between(0, 253_402_300_799_999)),
    id: CameraId
  })
)
export type CameraCursor = typeof Cursor.Type

/** Which cameras to list. Conditions that are absent hold for all. */
export const CameraQuery = Schema.Struct({
  /** Is somewhere in the name, the address, a tag or a group, upper and lower case alike. */
  search: Schema.optional(Words),
  /** The whole name, upper and lower case alike. */
  name: Schema.optional(Words),
  enabled: Schema.optional(Schema.Boolean),
  edge: Schema.optional(EdgeId),
  tag: Schema.optional(Label),
  group: Schema.optional(Label),
  /** In this place, or in one within it. */
  placeId: Schema.optional(PlaceId),
  /** Whether it is in any place. */
  placed: Schema.optional(Schema.Boolean),
  /** Of its address. */
  scheme: Schema.optional(Schema.Literal(...supportedSchemes)),
  /** What it is doing now; cameras that run nowhere have no state. */
  state: Schema.optional(Schema.Literal("Disabled", "Connecting", "Streaming", "Stalled", "BackingOff", "Failed")),
  sort: Schema.optionalWith(CameraSort, { default: (): CameraSort => "name" }),
  descending: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** The `nextCursor` of the page before, of the same filters and sort. */
  cursor: Schema.optional(CursorText),
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 500)), { default: () => 100 }),
  /** Count all that the conditions hold for, too. */
  count: Schema.optionalWith(Schema.Boolean, { default: () => false })
}).annotations({ identifier: "CameraQuery" })
export type CameraQuery = typeof CameraQuery.Type

export const CameraPage = Schema.Struct({
  cameras: Schema.Array(Camera),
  /** Give it as `cursor` for the next page; absent on the last one. */
  nextCursor: Schema.optional(Schema.String),
  /** How many cameras there are on all pages; present where it was asked for. */
  total: Schema.optional(Schema.Int)
}).annotations({ identifier: "CameraPage" })
export type CameraPage = typeof CameraPage.Type

const keyOf = (camera: Camera, sort: CameraSort) => {
  if (sort === "name") return { sort, key: camera.name.toLowerCase() } as const
  return { sort, key: (sort === "created" ? camera.createdAt : camera.updatedAt).epochMillis } as const
}

/** The camera's place in a list. `name` is as its store sorts it. */
export const cameraCursor = (camera: Camera, sort: CameraSort, name?: string): CameraCursor => {
  const own = keyOf(camera, sort)
  return own.sort === "name" ? { ...own, key: name ?? own.key, id: camera.id } : { ...own, id: camera.id }
}

/** As they travel in `CameraQuery.cursor` and `CameraPage.nextCursor`. */
export const cameraCursors = pageCursors<CameraCursor, typeof Cursor.Encoded, CameraQuery>(
  "cameras",
  Cursor,
  (cursor, { sort }) => cursor.sort === sort
)

/** The page of cameras in order; `found` has one more than the limit where there are more. */
export const cameraPage = (
  found: ReadonlyArray<Camera>,
  query: CameraQuery,
  cursorAt: (camera: Camera, index: number) => CameraCursor
): CameraPage => {
  const cameras = found.slice(0, query.limit)
  const last = cameras.at(-1)
  return last === undefined || found.length <= query.limit
    ? { cameras }
    : { cameras, nextCursor: cameraCursors.format(query, cursorAt(last, cameras.length - 1)) }
}

const includes = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())

const isFound = ({ groups, name, tags, url }: Camera, search: string | undefined): boolean =>
  search === undefined || [name, url, ...tags, ...groups].some((text) => includes(text, search))

/** Whether the query's conditions hold, but those on its place and state, which are not the camera's own to know. */
export const matchesQuery = (camera: Camera, query: CameraQuery): boolean =>
  isFound(camera, query.search) &&
  (query.name === undefined || camera.name.toLowerCase() === query.name.toLowerCase()) &&
  (query.enabled === undefined || camera.enabled === query.enabled) &&
  (query.edge === undefined || camera.edge === query.edge) &&
  (query.placed === undefined || (camera.placeId !== null) === query.placed) &&
  (query.scheme === undefined || camera.url.startsWith(`${query.scheme}:`)) &&
  (query.tag === undefined || camera.tags.includes(query.tag)) &&
  (query.group === undefined || camera.groups.includes(query.group))

const compare = <A extends string | number>(a: A, b: A): number => {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Negative where `a` comes before `b` in an ascending list of one sort. */
export const compareCursors = (a: CameraCursor, b: CameraCursor): number => compare(a.key, b.key) || compare(a.id, b.id)
