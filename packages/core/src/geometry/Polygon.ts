import type { BoundingBox, Size } from "./BoundingBox.js"
import { onSegment, segmentsMeet, turn } from "./Segment2D.js"
import type { Point } from "./Point.js"

/** Corners in order, closed by itself; the first corner is not repeated. Either orientation. */
export type Polygon = ReadonlyArray<Point>

const corner = (polygon: Polygon, index: number): Point => polygon[index] ?? { x: Number.NaN, y: Number.NaN }

/** Twice the area, positive where the corners go clockwise on the picture (y points down). */
const doubledArea = (polygon: Polygon): number => {
  let sum = 0
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = corner(polygon, j)
    const b = corner(polygon, i)
    sum += a.x * b.y - b.x * a.y
  }
  return sum
}

/** The area of a simple polygon, in the square of its corners' unit. */
export const area = (polygon: Polygon): number => Math.abs(doubledArea(polygon)) / 2

/** Whether a point lies in a polygon or on its edge. Concave polygons are fine; a self-intersecting one is filled even-odd. */
export const contains = (polygon: Polygon, point: Point): boolean => {
  let inside = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = corner(polygon, i)
    const b = corner(polygon, j)
    if (onSegment(a, b, point)) return true
    if (a.y > point.y !== b.y > point.y && turn(a, b, point) > 0 === b.y > a.y) inside = !inside
  }
  return inside
}

/** The polygon's part with `sign * axis >= sign * limit` (one step of Sutherland and Hodgman, CACM 17(1), 1974). */
const clipHalfPlane = (polygon: Polygon, axis: "x" | "y", limit: number, sign: 1 | -1): Polygon => {
  const kept: Array<Point> = []
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const from = corner(polygon, j)
    const to = corner(polygon, i)
    const before = sign * (from[axis] - limit)
    const after = sign * (to[axis] - limit)
    if (before >= 0 !== after >= 0) {
      const share = before / (before - after)
      const x = from.x + (to.x - from.x) * share
      const y = from.y + (to.y - from.y) * share
      kept.push(axis === "x" ? { x: limit, y } : { x, y: limit })
    }
    if (after >= 0) kept.push(to)
  }
  return kept
}

/**
 * Area that a box shares with a simple polygon, both in one unit. Clipping a concave polygon may leave edges that run to and fro on
 * the box's border: they enclose nothing, so that the area is exact all the same.
 */
export const intersectionArea = (polygon: Polygon, box: BoundingBox): number => {
  const left = clipHalfPlane(polygon, "x", box.x, 1)
  const sides = clipHalfPlane(left, "x", box.x + box.width, -1)
  const top = clipHalfPlane(sides, "y", box.y, 1)
  return area(clipHalfPlane(top, "y", box.y + box.height, -1))
}

/** Share of a box in source pixels that lies in a polygon drawn on the picture, 0..1; 0 for an empty box. */
export const shareOfBox = (polygon: Polygon, box: BoundingBox, size: Size): number => {
  if (box.width <= 0 || box.height <= 0) return 0
  const inPixels = polygon.map((point) => ({ x: point.x * size.width, y: point.y * size.height }))
  return Math.min(1, intersectionArea(inPixels, box) / (box.width * box.height))
}

/**
 * Whether the polygon can be used as a zone: at least three corners that enclose something, and no two edges that cross or touch,
 * apart from neighbours in their corner.
 */
export const isSimple = (polygon: Polygon): boolean => {
  const count = polygon.length
  if (count < 3 || !(area(polygon) > 1e-9)) return false
  for (let i = 0; i < count; i++) {
    const a = corner(polygon, i)
    const b = corner(polygon, (i + 1) % count)
    const c = corner(polygon, (i + 2) % count)
    if (a.x === b.x && a.y === b.y) return false
    if (onSegment(a, b, c) || onSegment(b, c, a)) return false
    for (let j = i + 2; j < count; j++) {
      const neighbours = i === 0 && j === count - 1
      if (!neighbours && segmentsMeet(a, b, corner(polygon, j), corner(polygon, (j + 1) % count))) return false
    }
  }
  return true
}

const crossings = (polygon: Polygon, y: number): Array<number> => {
  const xs: Array<number> = []
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = corner(polygon, j)
    const b = corner(polygon, i)
    if (a.y > y !== b.y > y) xs.push(a.x + ((b.x - a.x) * (y - a.y)) / (b.y - a.y))
  }
  return xs.sort((left, right) => left - right)
}

/**
 * Draws polygons into a mask of `size`, row by row: 1 where a pixel's centre lies in at least one of them, else 0. `into` is
 * cleared and used again where it has the right length.
 */
export const rasterise = (polygons: ReadonlyArray<Polygon>, size: Size, into?: Uint8Array): Uint8Array => {
  const length = size.width * size.height
  const mask = into?.length === length ? into.fill(0) : new Uint8Array(length)
  for (const polygon of polygons) {
    for (let row = 0; row < size.height; row++) {
      const xs = crossings(polygon, (row + 0.5) / size.height)
      for (let pair = 0; pair + 1 < xs.length; pair += 2) {
        const first = Math.max(0, Math.ceil((xs[pair] ?? 0) * size.width - 0.5))
        const end = Math.min(size.width, Math.ceil((xs[pair + 1] ?? 0) * size.width - 0.5))
        if (end > first) mask.fill(1, row * size.width + first, row * size.width + end)
      }
    }
  }
  return mask
}
