import { type Option, Schema } from "effect"
import { CameraId, ModelId, TenantId, VideoJobId } from "./Ids.js"
import { ModelDescriptor } from "./Model.js"
import { Priority } from "./Priority.js"
import { SourceQuality } from "./Segment.js"

const VideoJobMetadata = Schema.Struct({
  /** Width and height of the segment's pictures, as `640x480`. */
  resolution: Schema.String,
  /** Bits a second. */
  bitrate: Schema.Number.pipe(Schema.nonNegative()),
  /** Seconds. */
  duration: Schema.Number.pipe(Schema.nonNegative()),
  frameCount: Schema.Int.pipe(Schema.nonNegative()),
  /** Who is to look at it: one consumer group each. */
  enabledModels: Schema.Array(ModelId).pipe(Schema.minItems(1), Schema.maxItems(32)),
  priority: Priority,
  sourceQuality: SourceQuality
}).annotations({ identifier: "VideoJobMetadata" })

/** A segment of a camera's video that models are to look at, away from the camera's node. */
export class VideoJob extends Schema.Class<VideoJob>("VideoJob")({
  jobId: VideoJobId,
  customerId: TenantId,
  cameraId: CameraId,
  /** Counts from 0 within one epoch of the camera. */
  segmentSequence: Schema.Int.pipe(Schema.nonNegative()),
  /** When its first picture was seen by the camera. */
  timestamp: Schema.DateTimeUtc,
  /**
   * A whole fragmented MP4 file (ISO/IEC 14496-12: ftyp, moov, moof, mdat) of one video track, H.264, H.265 or motion JPEG as the camera sent it. Begins
   * with a key frame and has the parameter sets in its header. Presentation times are the camera's media time, in microseconds.
   */
  videoSegment: Schema.Uint8ArrayFromBase64,
  metadata: VideoJobMetadata
}) {}

/** What the structure of the job has no place for, and a worker needs. */
export const VideoJobTerms = Schema.Struct({
  /** Frames a second that a model looks at, at the most. */
  framesPerSecond: Schema.Number.pipe(Schema.between(0.1, 60)),
  /** The version that the job is for, where the model is the customer's own. */
  own: Schema.optional(Schema.Struct({ version: Schema.String, sha256: ModelDescriptor.fields.sha256 }))
}).annotations({ identifier: "VideoJobTerms" })
export type VideoJobTerms = typeof VideoJobTerms.Type

/** Who works off a model's jobs: the workers of the installation's model, or those of one customer's own model of that id. */
export interface JobGroup {
  readonly model: ModelId
  readonly owner?: TenantId | undefined
}

export const groupOf = ({ customerId }: Pick<VideoJob, "customerId">, { own }: VideoJobTerms, model: ModelId): JobGroup => ({
  model,
  owner: own === undefined ? undefined : customerId
})

/** A group in one word, which no other has: ids of models have no `@`. */
export const groupName = ({ model, owner }: JobGroup): string => (owner === undefined ? model : `${model}@${owner}`)

const decodeGroup = Schema.decodeUnknownOption(Schema.Struct({ model: ModelId, owner: Schema.optional(TenantId) }))

/** The group of that name; none where it is no group's. */
export const groupNamed = (name: string): Option.Option<JobGroup> => {
  const [model, owner] = name.split("@", 2)
  return decodeGroup(owner === undefined ? { model } : { model, owner })
}

/** The queues, most urgent first. Each is served only while the ones before it have nothing that could be taken. */
export const videoJobLanes = ["critical", "high", "standard"] as const

export const VideoJobLane = Schema.Literal(...videoJobLanes)
export type VideoJobLane = typeof VideoJobLane.Type

export const laneOf = (priority: Priority): VideoJobLane => {
  switch (priority) {
    case "CRITICAL":
      return "critical"
    case "HIGH":
      return "high"
    case "MEDIUM":
    case "STANDARD":
      return "standard"
  }
}
