import { Schema } from "effect"

/** A place in the picture, 0..1 of its width and height from the top left. Survives a change of resolution. */
export const Point = Schema.Struct({
  x: Schema.Number.pipe(Schema.between(0, 1)),
  y: Schema.Number.pipe(Schema.between(0, 1))
}).annotations({ identifier: "Point" })
export type Point = typeof Point.Type
