import { Schema } from "effect"

/** An upright rectangle in source pixels; `x`, `y` is its top left corner. Lies inside the picture when it comes from a detector. */
export const BoundingBox = Schema.Struct({
  x: Schema.Number,
  y: Schema.Number,
  width: Schema.Number.pipe(Schema.nonNegative()),
  height: Schema.Number.pipe(Schema.nonNegative())
}).annotations({ identifier: "BoundingBox" })
export type BoundingBox = typeof BoundingBox.Type

/** Width and height in pixels. */
export const Size = Schema.Struct({
  width: Schema.Int.pipe(Schema.positive()),
  height: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "Size" })
export type Size = typeof Size.Type
