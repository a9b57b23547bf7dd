import type { FrameInfo, InferenceObservation } from "@vigil/core/Observation"
import { type MediaTime, monotonicTime, type MonotonicTime, type WallClockOrigin } from "@vigil/core/Time"
import type { ModelId, VideoJobId } from "@vigil/core/Ids"
import type { VideoJobResult } from "@vigil/core/VideoJobResult"

/** What is remembered of a published job until its result is here. */
export interface OutstandingJob {
  readonly jobId: VideoJobId
  readonly model: ModelId
  readonly publishedAt: MonotonicTime
  /** Of its first access unit. */
  readonly mediaTime: MediaTime
  readonly received: MonotonicTime
  readonly wallClockOrigin: WallClockOrigin
}

/** One camera's jobs whose results are waited for, in the order of their publication. */
export interface OutstandingJobs {
  readonly add: (job: OutstandingJob) => void
  /** It will not be published after all. */
  readonly withdraw: (jobId: VideoJobId) => void
  /** The observations of a result that is waited for; undefined for any other. Jobs before it are not waited for any more: theirs would come out of order. */
  readonly answer: (result: VideoJobResult) => ReadonlyArray<InferenceObservation> | undefined
  /** Forgets the jobs that were published before `time`. */
  readonly expire: (time: MonotonicTime) => void
  readonly count: () => number
  readonly lost: () => number
  /** Those lost since the last answer. */
  readonly lostInARow: () => number
}

export const makeOutstandingJobs = (): OutstandingJobs => {
  const jobs = new Map<VideoJobId, OutstandingJob>()
  let lost = 0
  let lostInARow = 0
  let frames = 0

  const lose = (jobId: VideoJobId) => {
    if (!jobs.delete(jobId)) return
    lost++
    lostInARow++
  }

  const frameOf = (job: OutstandingJob, frame: VideoJobResult["frames"][number]): FrameInfo => ({
    frame: frames++,
    size: frame.size,
    mediaTime: frame.mediaTime,
    wallTime: frame.wallTime,
    wallClockOrigin: job.wallClockOrigin,
    received: monotonicTime(job.received + (frame.mediaTime - job.mediaTime) / 1000)
  })

  return {
    add: (job) => void jobs.set(job.jobId, job),
    withdraw: (jobId) => void jobs.delete(jobId),
    answer: (result) => {
      const answered = jobs.get(result.jobId)
      if (answered === undefined || answered.model !== result.model) return undefined
      for (const job of jobs.values()) {
        if (job === answered) break
        lose(job.jobId)
      }
      jobs.delete(result.jobId)
      lostInARow = 0
      return result.frames.map((frame) => ({
        _tag: "Inference",
        frame: frameOf(answered, frame),
        model: result.model,
        detections: frame.detections,
        queued: 0,
        ran: 0
      }))
    },
    expire: (time) => {
      for (const { jobId, publishedAt } of jobs.values()) {
        if (publishedAt >= time) return
        lose(jobId)
      }
    },
    count: () => jobs.size,
    lost: () => lost,
    lostInARow: () => lostInARow
  }
}
