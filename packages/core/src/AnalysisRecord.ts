import { Schema } from "effect"
import { BoundingBox, Size } from "./geometry/BoundingBox.js"

/** An object in one frame. `track` is the number of the confirmed track that it belongs to. */
const DetectionRecord = Schema.Struct({
  type: Schema.Literal("detection"),
  /** Seconds from the start. */
  mediaTime: Schema.Number,
  label: Schema.String,
  confidence: Schema.Number,
  /** In source pixels. */
  box: BoundingBox,
  track: Schema.NullOr(Schema.Int)
})

const EventRecord = Schema.Struct({
  type: Schema.Literal("event"),
  mediaTime: Schema.Number,
  eventType: Schema.String,
  confidence: Schema.Number,
  detail: Schema.optional(Schema.String),
  zone: Schema.optional(Schema.String),
  label: Schema.optional(Schema.String),
  track: Schema.optional(Schema.Int),
  box: Schema.optional(BoundingBox)
})

/** A confirmed track, once at the end. */
const TrackRecord = Schema.Struct({
  type: Schema.Literal("track"),
  track: Schema.Int,
  label: Schema.String,
  firstSeen: Schema.Number,
  lastSeen: Schema.Number,
  detections: Schema.Int
})

const SummaryRecord = Schema.Struct({
  type: Schema.Literal("summary"),
  url: Schema.String,
  size: Schema.NullOr(Size),
  /** Seconds of video. */
  duration: Schema.Number,
  framesDecoded: Schema.Int,
  framesDropped: Schema.Int,
  framesAnalysed: Schema.Int,
  damagedAccessUnits: Schema.Int,
  detections: Schema.Int,
  tracks: Schema.Int,
  events: Schema.Int,
  /** How the source ended, where it was not its proper end. */
  ended: Schema.optional(Schema.String)
})

/** A line of `vigil analyze --json`. */
export const AnalysisRecord = Schema.Union(DetectionRecord, EventRecord, TrackRecord, SummaryRecord).annotations({
  identifier: "AnalysisRecord"
})
export type AnalysisRecord = typeof AnalysisRecord.Type
export type AnalysisSummary = typeof SummaryRecord.Type
