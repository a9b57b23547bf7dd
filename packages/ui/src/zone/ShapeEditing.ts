import type { Point } from "@vigil/core/geometry/Point"
import type { Line } from "@vigil/core/geometry/Zone"

/** A zone or line while it is edited; the same as in the contract, but its name may be empty for a while. */
export interface ZoneDraft {
  readonly name: string
  readonly polygon: ReadonlyArray<Point>
}
export interface LineDraft {
  readonly name: string
  readonly from: Point
  readonly to: Point
  readonly direction: Line["direction"]
}

export type Selection = { readonly kind: "zone" | "line"; readonly index: number }

/** What polygons are drawn: zones, with lines beside them, or privacy masks. */
export type Drawn = "zone" | "mask"

/** The editor: what is drawn, which shape is worked on, and the corners of a zone that is being drawn. */
export interface Shapes {
  readonly of: Drawn
  /** Masks are zones to the editor. */
  readonly zones: ReadonlyArray<ZoneDraft>
  readonly lines: ReadonlyArray<LineDraft>
  readonly selected: Selection | undefined
  readonly drawing: ReadonlyArray<Point> | undefined
  /** Polygons that stay as they are: masks, of whoever may not show what they hide. */
  readonly fixed: ReadonlyArray<ZoneDraft["polygon"]>
}

export type ShapeAction =
  | { readonly _tag: "StartZone" }
  /** A corner of the zone that is being drawn. */
  | { readonly _tag: "Place"; readonly at: Point }
  | { readonly _tag: "UndoPlace" }
  | { readonly _tag: "Finish" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "AddRectangle" }
  | { readonly _tag: "AddLine" }
  | { readonly _tag: "Select"; readonly selection: Selection | undefined }
  /** `corner`: of a zone; of a line 0 is its start and 1 its end. */
  | { readonly _tag: "MoveCorner"; readonly selection: Selection; readonly corner: number; readonly to: Point }
  | { readonly _tag: "InsertCorner"; readonly index: number; readonly after: number }
  | { readonly _tag: "RemoveCorner"; readonly index: number; readonly corner: number }
  | { readonly _tag: "Rename"; readonly selection: Selection; readonly name: string }
  | { readonly _tag: "Direct"; readonly index: number; readonly direction: Line["direction"] }
  | { readonly _tag: "Remove"; readonly selection: Selection }

export const fewestCorners = 3
export const mostCorners = 64
const most: Readonly<Record<Drawn, number>> = { zone: 64, mask: 32 }
const prefixes: Readonly<Record<Drawn, string>> = { zone: "Zone", mask: "Mask" }
/** Corners closer than this (share of the picture) are one: what a double click leaves. */
const sameCorner = 0.008

const begin = (of: Drawn, zones: ReadonlyArray<ZoneDraft>, lines: ReadonlyArray<LineDraft>): Shapes => ({
  of,
  zones,
  lines,
  selected: undefined,
  drawing: undefined,
  fixed: []
})

export const editing = (zones: ReadonlyArray<ZoneDraft>, lines: ReadonlyArray<LineDraft>): Shapes => begin("zone", zones, lines)

/** Whoever may not `uncover` what a mask hides adds masks, and names them. */
export const editingMasks = (masks: ReadonlyArray<ZoneDraft>, mayUncover: boolean): Shapes => ({
  ...begin("mask", masks, []),
  fixed: mayUncover ? [] : masks.map(({ polygon }) => polygon)
})

export const isFixed = ({ fixed }: Shapes, { polygon }: ZoneDraft): boolean => fixed.includes(polygon)

const unit = (value: number): number => Math.min(1, Math.max(0, value))
export const inPicture = ({ x, y }: Point): Point => ({ x: unit(x), y: unit(y) })

const near = (a: Point, b: Point): boolean => Math.hypot(a.x - b.x, a.y - b.y) < sameCorner

export const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })

/** The first of `Zone 1`, `Zone 2`, ... that is free. */
export const freeName = (prefix: string, taken: ReadonlyArray<{ readonly name: string }>): string => {
  const names = new Set(taken.map(({ name }) => name))
  let number = 1
  while (names.has(`${prefix} ${number}`)) number++
  return `${prefix} ${number}`
}

/** The zone that an action changes, or takes away, the corners of. */
const reshaped = ({ zones }: Shapes, action: ShapeAction): ZoneDraft | undefined => {
  switch (action._tag) {
    case "InsertCorner":
    case "RemoveCorner":
      return zones[action.index]
    case "MoveCorner":
    case "Remove":
      return action.selection.kind === "zone" ? zones[action.selection.index] : undefined
    default:
      return undefined
  }
}

const replaced = <A>(list: ReadonlyArray<A>, index: number, change: (item: A) => A): ReadonlyArray<A> =>
  list.map((item, at) => (at === index ? change(item) : item))

const withZone = (shapes: Shapes, polygon: ReadonlyArray<Point>): Shapes =>
  shapes.zones.length >= most[shapes.of]
    ? { ...shapes, drawing: undefined }
    : {
        ...shapes,
        zones: [...shapes.zones, { name: freeName(prefixes[shapes.of], shapes.zones), polygon }],
        selected: { kind: "zone", index: shapes.zones.length },
        drawing: undefined
      }

const moveLineEnd = (line: LineDraft, end: number, to: Point): LineDraft => (end === 0 ? { ...line, from: to } : { ...line, to })

const moveCorner = (shapes: Shapes, { kind, index }: Selection, corner: number, to: Point): Shapes => {
  const at = inPicture(to)
  return kind === "zone"
    ? {
        ...shapes,
        zones: replaced(shapes.zones, index, (zone) => ({ ...zone, polygon: replaced(zone.polygon, corner, () => at) }))
      }
    : { ...shapes, lines: replaced(shapes.lines, index, (line) => moveLineEnd(line, corner, at)) }
}

const insertCorner = (zone: ZoneDraft, after: number): ZoneDraft => {
  const from = zone.polygon[after]
  const to = zone.polygon[(after + 1) % zone.polygon.length]
  if (from === undefined || to === undefined || zone.polygon.length >= mostCorners) return zone
  return { ...zone, polygon: zone.polygon.toSpliced(after + 1, 0, middle(from, to)) }
}

const removeCorner = (zone: ZoneDraft, corner: number): ZoneDraft =>
  zone.polygon.length <= fewestCorners ? zone : { ...zone, polygon: zone.polygon.toSpliced(corner, 1) }

const place = (shapes: Shapes, drawing: ReadonlyArray<Point>, at: Point): Shapes => {
  const first = drawing[0]
  const last = drawing.at(-1)
  if (first !== undefined && drawing.length >= fewestCorners && near(first, at)) return withZone(shapes, drawing)
  if ((last !== undefined && near(last, at)) || drawing.length >= mostCorners) return shapes
  return { ...shapes, drawing: [...drawing, inPicture(at)] }
}

const draw = (shapes: Shapes, drawing: ReadonlyArray<Point>, action: ShapeAction): Shapes => {
  switch (action._tag) {
    case "Place":
      return place(shapes, drawing, action.at)
    case "UndoPlace":
      return { ...shapes, drawing: drawing.slice(0, -1) }
    case "Finish":
      return drawing.length >= fewestCorners ? withZone(shapes, drawing) : { ...shapes, drawing: undefined }
    default:
      return shapes
  }
}

const rename = (shapes: Shapes, { kind, index }: Selection, name: string): Shapes =>
  kind === "zone"
    ? { ...shapes, zones: replaced(shapes.zones, index, (zone) => ({ ...zone, name })) }
    : { ...shapes, lines: replaced(shapes.lines, index, (line) => ({ ...line, name })) }

const remove = (shapes: Shapes, { kind, index }: Selection): Shapes =>
  kind === "zone"
    ? { ...shapes, zones: shapes.zones.toSpliced(index, 1), selected: undefined }
    : { ...shapes, lines: shapes.lines.toSpliced(index, 1), selected: undefined }

const addLine = (shapes: Shapes): Shapes =>
  shapes.lines.length >= most.zone
    ? shapes
    : {
        ...shapes,
        lines: [
          ...shapes.lines,
          {
            name: freeName("Line", shapes.lines),
            from: { x: 0.5, y: 0.25 },
            to: { x: 0.5, y: 0.75 },
            direction: "both"
          }
        ],
        selected: { kind: "line", index: shapes.lines.length },
        drawing: undefined
      }

const rectangle: ReadonlyArray<Point> = [
  { x: 0.3, y: 0.3 },
  { x: 0.7, y: 0.3 },
  { x: 0.7, y: 0.7 },
  { x: 0.3, y: 0.7 }
]

/** One step of the editor. Whatever comes, corners stay in the picture and zones keep at least three of them. */
export const edit = (shapes: Shapes, action: ShapeAction): Shapes => {
  const zone = reshaped(shapes, action)
  return zone !== undefined && isFixed(shapes, zone) ? shapes : step(shapes, action)
}

const step = (shapes: Shapes, action: ShapeAction): Shapes => {
  switch (action._tag) {
    case "StartZone":
      return { ...shapes, drawing: [], selected: undefined }
    case "Cancel":
      return { ...shapes, drawing: undefined }
    case "AddRectangle":
      return withZone(shapes, rectangle)
    case "AddLine":
      return addLine(shapes)
    case "Select":
      return { ...shapes, selected: action.selection }
    case "MoveCorner":
      return moveCorner(shapes, action.selection, action.corner, action.to)
    case "InsertCorner":
      return { ...shapes, zones: replaced(shapes.zones, action.index, (zone) => insertCorner(zone, action.after)) }
    case "RemoveCorner":
      return { ...shapes, zones: replaced(shapes.zones, action.index, (zone) => removeCorner(zone, action.corner)) }
    case "Rename":
      return rename(shapes, action.selection, action.name)
    case "Direct":
      return { ...shapes, lines: replaced(shapes.lines, action.index, (line) => ({ ...line, direction: action.direction })) }
    case "Remove":
      return remove(shapes, action.selection)
    default:
      return shapes.drawing === undefined ? shapes : draw(shapes, shapes.drawing, action)
  }
}
