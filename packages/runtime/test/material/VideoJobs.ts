import { randomUUID } from "node:crypto"
import { CameraId, defaultTenant, ModelId, VideoJobId } from "@vigil/core/Ids"
import type { Priority } from "@vigil/core/Priority"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { VideoJob } from "@vigil/core/VideoJob"
import { VideoJobResult } from "@vigil/core/VideoJobResult"
import { DateTime } from "effect"

export const anyCameraId = (): CameraId => CameraId.make(randomUUID())

/** A model of no other test, so that its group is empty. */
export const anyModel = (): ModelId => ModelId.make(`model.${randomUUID().slice(0, 8)}`)

export const terms = { framesPerSecond: 5 }

export interface JobOptions {
  readonly cameraId?: CameraId
  readonly models: ReadonlyArray<ModelId>
  readonly sequence?: number
  readonly priority?: Priority
  readonly segment?: Uint8Array
}

/** A job whose segment is not video. */
export const jobOf = ({ cameraId, models, priority, segment, sequence }: JobOptions): VideoJob =>
  new VideoJob({
    jobId: VideoJobId.make(randomUUID()),
    customerId: defaultTenant,
    cameraId: cameraId ?? anyCameraId(),
    segmentSequence: sequence ?? 0,
    timestamp: DateTime.unsafeMake(1_700_000_000_123),
    videoSegment: segment ?? Uint8Array.of(1, 2, 3, 0, 255),
    metadata: {
      resolution: "640x480",
      bitrate: 800_000,
      duration: 5,
      frameCount: 75,
      enabledModels: models,
      priority: priority ?? "STANDARD",
      sourceQuality: { resolution: "640x480", bitrate: 800_000, fps: 15, codec: "h264" }
    }
  })

export const resultOf = (job: VideoJob, model: ModelId, worker = "a"): VideoJobResult =>
  new VideoJobResult({
    jobId: job.jobId,
    customerId: job.customerId,
    cameraId: job.cameraId,
    segmentSequence: job.segmentSequence,
    model,
    frames: [
      {
        mediaTime: mediaTime(1_000_000),
        wallTime: wallTime(1_700_000_000_123.5),
        size: { width: 640, height: 480 },
        detections: [{ label: "person", confidence: 0.9, box: { x: 1, y: 2, width: 30.5, height: 40 } }]
      }
    ],
    worker,
    took: 12.5
  })
