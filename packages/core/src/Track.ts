import { Schema } from "effect"
import { BoundingBox } from "./geometry/BoundingBox.js"
import { MediaTime } from "./Time.js"

/** An object followed over frames. */
export const Track = Schema.Struct({
  /** Counts up within one camera and epoch. */
  id: Schema.Int,
  label: Schema.String,
  /** Of the newest detection. */
  confidence: Schema.Number,
  box: BoundingBox,
  /** Pixels a second. */
  velocity: Schema.Struct({ x: Schema.Number, y: Schema.Number }),
  /** `tentative` until it was seen often enough, `confirmed` then, `lost` while it is not seen but still expected. */
  state: Schema.Literal("tentative", "confirmed", "lost"),
  firstSeen: MediaTime,
  lastSeen: MediaTime,
  /** How often it was detected. */
  hits: Schema.Int
}).annotations({ identifier: "Track" })
export type Track = typeof Track.Type
