import { Schema } from "effect"
import { SourceDescription } from "./MediaTrack.js"
import { SourceStatistics } from "./Source.js"
import { WallClockOrigin } from "./Time.js"

/** What a look at a source for some seconds tells. */
export const ProbeReport = Schema.Struct({
  url: Schema.String,
  description: SourceDescription,
  statistics: SourceStatistics,
  /** Seconds that were watched. */
  watched: Schema.Number,
  /** Milliseconds until the source was open, and until its first key frame; absent where none came. */
  openedAfter: Schema.Number,
  firstKeyframeAfter: Schema.optional(Schema.Number),
  /** Seconds between key frames. */
  keyframeInterval: Schema.optional(Schema.Number),
  /** Where the wall times came from, and how far the camera's clock is from ours in milliseconds. */
  wallClockOrigin: Schema.optional(WallClockOrigin),
  clockOffset: Schema.optional(Schema.Number),
  /** What to look at, in sentences. */
  warnings: Schema.Array(Schema.String)
}).annotations({ identifier: "ProbeReport" })
export type ProbeReport = typeof ProbeReport.Type
