import { Schema } from "effect"
import { Prose } from "../PlainText.js"
import { Point } from "./Point.js"
import { isSimple } from "./Polygon.js"

const Name = Prose(100).pipe(Schema.trimmed(), Schema.minLength(1))

/** A polygon drawn on a camera's picture; at least three corners, closed by itself, may be concave but not cross itself. */
export class Zone extends Schema.Class<Zone>("Zone")({
  name: Name,
  polygon: Schema.Array(Point).pipe(
    Schema.minItems(3),
    Schema.maxItems(64),
    Schema.filter((polygon) => isSimple(polygon) || "the zone must enclose an area, and its edges must not cross")
  )
}) {}

/**
 * A line drawn on a camera's picture. Walking from `from` to `to`, a crossing from the left-hand side to the right-hand side (as seen
 * on the picture) is `forward`.
 */
export class Line extends Schema.Class<Line>("Line")({
  name: Name,
  from: Point,
  to: Point,
  direction: Schema.Literal("forward", "backward", "both")
}) {}
