import { Schema } from "effect"
import { Detection } from "./Detection.js"
import { Size } from "./geometry/BoundingBox.js"
import { CameraId, ModelId, TenantId, VideoJobId } from "./Ids.js"
import { MediaTime, WallTime } from "./Time.js"

/** What a model found in one frame of a job's segment. */
export const AnalysedFrame = Schema.Struct({
  mediaTime: MediaTime,
  wallTime: WallTime,
  /** Of the picture that the boxes lie in. */
  size: Size,
  detections: Schema.Array(Detection)
}).annotations({ identifier: "AnalysedFrame" })
export type AnalysedFrame = typeof AnalysedFrame.Type

/** A model's answer to a job. There is one for each job and model, however often the job was tried. */
export class VideoJobResult extends Schema.Class<VideoJobResult>("VideoJobResult")({
  jobId: VideoJobId,
  customerId: TenantId,
  cameraId: CameraId,
  segmentSequence: Schema.Int.pipe(Schema.nonNegative()),
  model: ModelId,
  /** The frames that the model looked at, in the order of their media time. */
  frames: Schema.Array(AnalysedFrame).pipe(Schema.maxItems(4096)),
  /** The worker that made it, for people. */
  worker: Schema.String,
  /** Milliseconds from taking the job to its result. */
  took: Schema.Number.pipe(Schema.nonNegative())
}) {}
