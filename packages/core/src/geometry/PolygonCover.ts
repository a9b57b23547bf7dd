import type { Size } from "./BoundingBox.js"
import type { Polygon } from "./Polygon.js"

/** Pixels around a polygon, to both sides, that are covered with it. */
export interface CoverMargin {
  readonly x: number
  readonly y: number
}

interface Interval {
  readonly from: number
  readonly to: number
}

/** Where the edge from `a` to `b` is between two heights, from left to right. */
const edgeWithin = (ax: number, ay: number, bx: number, by: number, top: number, bottom: number): Interval | undefined => {
  if (Math.max(ay, by) < top || Math.min(ay, by) > bottom) return undefined
  const at = (y: number) => (ay === by ? ax : ax + ((bx - ax) * (Math.min(bottom, Math.max(top, y)) - ay)) / (by - ay))
  const ends = ay === by ? [ax, bx] : [at(ay), at(by)]
  return { from: Math.min(...ends), to: Math.max(...ends) }
}

/**
 * From where to where a polygon, in pixels, is anywhere between two heights. A place of it lies above, within the heights, an edge of it, or the top:
 * so its edges there, and what it has of the top, are all of it.
 */
const intervalsOf = (corners: ReadonlyArray<readonly [number, number]>, top: number, bottom: number): ReadonlyArray<Interval> => {
  const intervals: Array<Interval> = []
  const crossings: Array<number> = []
  for (const [i, [bx, by]] of corners.entries()) {
    const [ax, ay] = corners[i === 0 ? corners.length - 1 : i - 1] ?? [bx, by]
    const edge = edgeWithin(ax, ay, bx, by, top, bottom)
    if (edge !== undefined) intervals.push(edge)
    if (ay > top !== by > top) crossings.push(ax + ((bx - ax) * (top - ay)) / (by - ay))
  }
  crossings.sort((left, right) => left - right)
  for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
    intervals.push({ from: crossings[pair] ?? 0, to: crossings[pair + 1] ?? 0 })
  }
  return intervals
}

/**
 * Every pixel of a picture that any of the polygons touches, with a margin around them, as pairs of its first pixel and the one behind its last, each within
 * a row; rows from the top. `frame` is where the picture in which the polygons are drawn (0..1) lies, in pixels of this one: beyond it, where this
 * is a part of that.
 */
export const coverOf = (
  polygons: ReadonlyArray<Polygon>,
  size: Size,
  margin: CoverMargin,
  frame = { x: 0, y: 0, width: size.width, height: size.height }
): Uint32Array => {
  const inPixels = polygons.map((polygon) =>
    polygon.map(({ x, y }) => [frame.x + x * frame.width, frame.y + y * frame.height] as const)
  )
  const spans: Array<number> = []
  for (let row = 0; row < size.height; row++) {
    const touched = inPixels
      .flatMap((corners) => intervalsOf(corners, row - margin.y, row + 1 + margin.y))
      .map(({ from, to }) => ({
        from: Math.max(0, Math.floor(from - margin.x)),
        to: Math.min(size.width, Math.floor(to + margin.x) + 1)
      }))
      .filter(({ from, to }) => to > from)
      .sort((a, b) => a.from - b.from)
    let end = 0
    for (const { from, to } of touched) {
      if (to <= end) continue
      spans.push(row * size.width + Math.max(from, end), row * size.width + to)
      end = to
    }
  }
  return Uint32Array.from(spans)
}
