import { Schema } from "effect"
import { CameraHealth } from "./CameraRuntime.js"
import { CameraState } from "./CameraState.js"
import { DetectorProblem } from "./DetectorProblem.js"
import { CameraId, Epoch } from "./Ids.js"
import { SourceDescription } from "./MediaTrack.js"
import { AnalyticWarning, ModelWarning } from "./ModelSuitability.js"
import { SourceStatistics } from "./Source.js"

/** What became of a camera's VideoJobs. Jobs that were published are answered, lost or outstanding. */
export const VideoJobCounts = Schema.Struct({
  published: Schema.Int,
  /** Jobs whose results came in time. */
  answered: Schema.Int,
  /** Jobs whose results did not come in time, and were not waited for any longer. */
  lost: Schema.Int,
  /** Results that nobody waited for any more: too late, of an earlier actor, or a second time. */
  late: Schema.Int,
  /** Segments that were not published: the queue was away, or their pictures could not be packed. */
  dropped: Schema.Int,
  /** Segments that were not published because nothing moved in them. */
  skipped: Schema.Int,
  outstanding: Schema.Int
}).annotations({ identifier: "VideoJobCounts" })
export type VideoJobCounts = typeof VideoJobCounts.Type

/** Frames and detections of a camera's pipeline, counted since its actor started. */
export const PipelineStatistics = Schema.Struct({
  framesDecoded: Schema.Int,
  /** Access units that were not decoded because the decoder was behind or waited for a key frame. */
  framesDropped: Schema.Int,
  /** Frames passed over on purpose: idle decoding of key frames only, a closed motion gate. */
  framesSkipped: Schema.Int,
  inferences: Schema.Int,
  /** Frames that were due for a model and replaced by a newer one before a thread was free. */
  inferencesDropped: Schema.Int,
  detections: Schema.Int,
  events: Schema.Int,
  segments: Schema.Int,
  /** Absent for a camera whose detection never was on the queue. */
  jobs: Schema.optional(VideoJobCounts),
  /** Milliseconds from the camera's capture time to the detection, over about the last minute; absent before the first. */
  latencyP50: Schema.optional(Schema.Number),
  latencyP95: Schema.optional(Schema.Number)
}).annotations({ identifier: "PipelineStatistics" })
export type PipelineStatistics = typeof PipelineStatistics.Type

/** What the camera manager counts of a camera's errors. */
export const WorkerSummary = Schema.Struct({
  health: CameraHealth,
  /** Errors in a row. */
  errorCount: Schema.Int,
  lastError: Schema.NullOr(Schema.String),
  /** It was restarted often enough, or only a person can mend it: nothing more is tried until it runs again, or is changed. */
  alert: Schema.Boolean
}).annotations({ identifier: "WorkerSummary" })
export type WorkerSummary = typeof WorkerSummary.Type

/** How a camera is doing now. */
export const CameraStatus = Schema.Struct({
  cameraId: CameraId,
  state: CameraState,
  /** The node whose actor runs it. */
  node: Schema.String,
  epoch: Epoch,
  /** The configuration that it runs. */
  revision: Schema.Int,
  description: Schema.optional(SourceDescription),
  source: SourceStatistics,
  pipeline: PipelineStatistics,
  viewers: Schema.Int,
  /** Why nothing looks for objects, where something should; absent of a camera that is switched off. */
  detectorProblem: Schema.optional(DetectorProblem),
  /** What the camera's detector needs and its stream does not give any more; absent where that is nothing. */
  modelWarnings: Schema.optional(Schema.Array(ModelWarning)),
  /** The same of its analytics. */
  analyticWarnings: Schema.optional(Schema.Array(AnalyticWarning)),
  /** Absent in the first second of its actor. */
  worker: Schema.optional(WorkerSummary),
  updatedAt: Schema.DateTimeUtc
}).annotations({ identifier: "CameraStatus" })
export type CameraStatus = typeof CameraStatus.Type

/** What a camera's actor has counted. */
export const CameraStatistics = CameraStatus.pick("cameraId", "node", "epoch", "source", "pipeline", "viewers").annotations({
  identifier: "CameraStatistics"
})
export type CameraStatistics = typeof CameraStatistics.Type
