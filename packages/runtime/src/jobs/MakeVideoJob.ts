import type { Camera } from "@vigil/core/Camera"
import { VideoJobId } from "@vigil/core/Ids"
import type { ModelId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import type { Priority } from "@vigil/core/Priority"
import type { Segment } from "@vigil/core/Segment"
import { VideoJob } from "@vigil/core/VideoJob"
import { DateTime, Either } from "effect"
import type { ClosedSegment } from "../camera/Segmenter.js"
import { stableUuid } from "../StableUuid.js"
import { type SegmentProblem, writeSegmentFile } from "./segment/SegmentFile.js"

/** The same for the same segment: one that is published twice is one job. */
export const videoJobId = ({ cameraId, epoch, sequence }: Segment): VideoJobId =>
  VideoJobId.make(stableUuid(`${cameraId}/${epoch}/segment/${sequence}`))

/** Packs a closed segment for one model. */
export const makeVideoJob = (
  { segment, units }: ClosedSegment,
  track: VideoTrack,
  camera: Pick<Camera, "id" | "tenantId">,
  model: ModelId,
  priority: Priority
): Either.Either<VideoJob, SegmentProblem> =>
  Either.map(
    writeSegmentFile(track, units),
    (videoSegment) =>
      new VideoJob({
        jobId: videoJobId(segment),
        customerId: camera.tenantId,
        cameraId: camera.id,
        segmentSequence: segment.sequence,
        timestamp: DateTime.unsafeMake(segment.startWallTime),
        videoSegment,
        metadata: {
          resolution: segment.sourceQuality.resolution,
          bitrate: segment.sourceQuality.bitrate,
          duration: segment.duration,
          frameCount: segment.frameCount,
          enabledModels: [model],
          priority,
          sourceQuality: segment.sourceQuality
        }
      })
  )
