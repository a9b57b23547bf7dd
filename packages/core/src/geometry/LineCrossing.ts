import type { Point } from "./Point.js"
import { onSegment, turn } from "./Segment2D.js"
import type { Line } from "./Zone.js"

export type CrossingDirection = "forward" | "backward"

/**
 * How a point that moved from `before` to `after` crossed the line, whatever direction the line asks for; `undefined` where it did
 * not. A point exactly on the line counts as being on its left-hand side, so that a way with a stop on the line crosses it once, and
 * one that comes back to the side it came from does not cross it.
 */
export const crossing = (line: Pick<Line, "from" | "to">, before: Point, after: Point): CrossingDirection | undefined => {
  const was = turn(line.from, line.to, before) > 0
  const is = turn(line.from, line.to, after) > 0
  if (was === is) return undefined
  const from = turn(before, after, line.from)
  const to = turn(before, after, line.to)
  const passesBetween = from > 0 !== to > 0 || onSegment(before, after, line.from) || onSegment(before, after, line.to)
  if (!passesBetween) return undefined
  return is ? "forward" : "backward"
}

/** Whether a move crossed the line in a direction that the line asks for. */
export const crosses = (line: Pick<Line, "from" | "to" | "direction">, before: Point, after: Point): boolean => {
  const direction = crossing(line, before, after)
  return direction !== undefined && (line.direction === "both" || line.direction === direction)
}
