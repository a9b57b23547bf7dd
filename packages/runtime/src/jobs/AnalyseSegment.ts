import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { Observation } from "@vigil/core/Observation"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { wallTime } from "@vigil/core/Time"
import type { VideoJob, VideoJobTerms } from "@vigil/core/VideoJob"
import type { AnalysedFrame } from "@vigil/core/VideoJobResult"
import { Data, DateTime, Effect } from "effect"
import { type CameraDecoder, type DecodeDemand, type DecoderStatistics, MediaWorkers } from "../media/MediaWorkers.js"
import { now } from "../MonotonicClock.js"
import { type ReadSegment, readSegmentFile, type SegmentPicture } from "./segment/SegmentReader.js"

/** This try did not succeed; the job's segment, the model or the machine may be at fault. */
class SegmentNotAnalysed extends Data.TaggedError("SegmentNotAnalysed")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

const lossless = (model: InstalledModel, framesPerSecond: number, job: VideoJob): DecodeDemand => ({
  detectors: [{ model, priority: job.metadata.priority, framesPerSecond, gate: "always" }],
  masks: [],
  rate: "lossless"
})

const accessUnits = (job: VideoJob, pictures: ReadonlyArray<SegmentPicture>): ReadonlyArray<AccessUnit> => {
  const start = pictures[0]?.mediaTime ?? 0
  const began = DateTime.toEpochMillis(job.timestamp)
  return pictures.map(({ keyframe, mediaTime, units }) => ({
    track: 0,
    kind: "video",
    units,
    keyframe,
    damaged: false,
    mediaTime,
    wallTime: wallTime(began + (mediaTime - start) / 1000),
    wallClockOrigin: "container",
    received: now()
  }))
}

const pushAll = (decoder: CameraDecoder, units: ReadonlyArray<AccessUnit>) =>
  Effect.promise(async () => {
    for (const unit of units) await decoder.push(unit)
  })

/** What went wrong without an error: a worker process that died is replaced, a model that fails leaves its frames out. */
const faultOf = (statistics: DecoderStatistics, frames: number, model: InstalledModel): string | undefined => {
  const { decoded, inferencesDropped, restarts } = statistics
  if (restarts > 0) return "the media worker ended or hung while it had the segment"
  if (decoded === 0) return "none of its pictures could be decoded"
  if (inferencesDropped > 0) return `model ${model.descriptor.id} failed on ${inferencesDropped} of its pictures`
  if (frames === 0) return `model ${model.descriptor.id} could not be run`
  return undefined
}

const lookAt = ({ pictures, track }: ReadSegment, job: VideoJob, terms: VideoJobTerms, model: InstalledModel) =>
  Effect.gen(function* () {
    const workers = yield* MediaWorkers
    const frames: Array<AnalysedFrame> = []
    const onObservation = (observation: Observation) => {
      if (observation._tag !== "Inference") return
      const { mediaTime, size, wallTime: at } = observation.frame
      frames.push({ mediaTime, wallTime: at, size, detections: observation.detections })
    }
    const demand = lossless(model, terms.framesPerSecond, job)
    const decoder = yield* workers.openDecoder(job.cameraId, track, demand, { onObservation })
    yield* pushAll(decoder, accessUnits(job, pictures))
    yield* decoder.drain
    const fault = faultOf(decoder.statistics(), frames.length, model)
    if (fault !== undefined) return yield* new SegmentNotAnalysed({ detail: fault })
    return frames.sort((a, b) => a.mediaTime - b.mediaTime)
  }).pipe(Effect.scoped)

/** Decodes a job's segment and runs the model on every due frame. The frames come in the order of their media time. */
export const analyseSegment = (job: VideoJob, terms: VideoJobTerms, model: InstalledModel) =>
  Effect.flatMap(readSegmentFile(job.videoSegment), (segment) => lookAt(segment, job, terms, model))
