import type { Point } from "./Point.js"

/**
 * Which way the path `a` -> `b` -> `c` turns, as twice the enclosed area: positive to the right as seen on the picture (y points
 * down), negative to the left, 0 straight on. In other words: on which side of the line through `a` and `b` the point `c` lies.
 */
export const turn = (a: Point, b: Point, c: Point): number => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)

/** The sign of {@link turn}: -1, 1, or 0 where it is no larger than the rounding error of its terms. */
const side = (a: Point, b: Point, c: Point): number => {
  const first = (b.x - a.x) * (c.y - a.y)
  const second = (b.y - a.y) * (c.x - a.x)
  const difference = first - second
  return Math.abs(difference) <= 4 * Number.EPSILON * (Math.abs(first) + Math.abs(second)) ? 0 : Math.sign(difference)
}

const within = (value: number, a: number, b: number): boolean => value >= Math.min(a, b) && value <= Math.max(a, b)

/** Whether a point lies on the segment from `a` to `b`, its ends included. */
export const onSegment = (a: Point, b: Point, point: Point): boolean =>
  within(point.x, a.x, b.x) && within(point.y, a.y, b.y) && side(a, b, point) === 0

/** Whether two segments have a point in common, their ends included. */
export const segmentsMeet = (a: Point, b: Point, c: Point, d: Point): boolean =>
  onSegment(a, b, c) ||
  onSegment(a, b, d) ||
  onSegment(c, d, a) ||
  onSegment(c, d, b) ||
  (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0)
