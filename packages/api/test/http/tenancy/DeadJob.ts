import { CameraId, ModelId, type TenantId, VideoJobId } from "@vigil/core/Ids"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJob } from "@vigil/core/VideoJob"
import { DateTime, Effect } from "effect"

/** A job of a camera that its only worker gave up, in a queue of one try; `model` is nobody else's. */
export const giveUpJob = (customerId: TenantId, camera: string, model: string) =>
  Effect.gen(function* () {
    const queue = yield* VideoJobQueue
    const models = [ModelId.make(model)] as const
    const job = new VideoJob({
      jobId: VideoJobId.make(crypto.randomUUID()),
      customerId,
      cameraId: CameraId.make(camera),
      segmentSequence: 7,
      timestamp: DateTime.unsafeMake(1_700_000_000_000),
      videoSegment: Uint8Array.of(1),
      metadata: {
        ...{ resolution: "640x480", bitrate: 800_000, duration: 5, frameCount: 75, enabledModels: models, priority: "STANDARD" },
        sourceQuality: { resolution: "640x480", bitrate: 800_000, fps: 15, codec: "h264" }
      }
    })
    yield* queue.publish(job, { framesPerSecond: 5 })
    const { take } = yield* queue.consume({ model: models[0] })
    yield* (yield* take).nak(`${model} cannot`)
    return job.jobId
  }).pipe(Effect.scoped)
