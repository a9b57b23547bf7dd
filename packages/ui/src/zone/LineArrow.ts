import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { Line } from "@vigil/core/geometry/Zone"

/**
 * Arrows across the middle of a line, one per direction that counts, as `points` of an SVG polyline in the picture's pixels.
 * `forward` points from the left-hand side to the right-hand side of somebody who walks from `from` to `to`.
 */
export const arrow = (
  { from, to, direction }: Pick<Line, "from" | "to" | "direction">,
  size: Size,
  length: number
): ReadonlyArray<string> => {
  const along = { x: (to.x - from.x) * size.width, y: (to.y - from.y) * size.height }
  const distance = Math.hypot(along.x, along.y)
  if (distance === 0) return []
  const unit = { x: along.x / distance, y: along.y / distance }
  // The picture's y axis points down, so the right-hand side of a walker is (-y, x).
  const right = { x: -unit.y, y: unit.x }
  const middle = { x: ((from.x + to.x) / 2) * size.width, y: ((from.y + to.y) / 2) * size.height }
  const at = (across: number, forward: number): string =>
    `${(middle.x + right.x * across + unit.x * forward).toFixed(1)},${(middle.y + right.y * across + unit.y * forward).toFixed(1)}`
  const head = length * 0.35
  const pointing = (sign: 1 | -1): string =>
    [
      at(0, 0),
      at(sign * length, 0),
      at(sign * (length - head), -head),
      at(sign * length, 0),
      at(sign * (length - head), head)
    ].join(" ")
  return [...(direction === "backward" ? [] : [pointing(1)]), ...(direction === "forward" ? [] : [pointing(-1)])]
}
