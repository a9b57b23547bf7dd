import { Schema } from "effect"
import { BoundingBox } from "./geometry/BoundingBox.js"

/** One object found in one frame. */
export const Detection = Schema.Struct({
  /** The model's label, for example `person`. */
  label: Schema.String,
  /** 0..1. */
  confidence: Schema.Number,
  /** In source pixels. */
  box: BoundingBox
}).annotations({ identifier: "Detection" })
export type Detection = typeof Detection.Type
