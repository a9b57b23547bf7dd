import type { Camera } from "@vigil/core/Camera"
import type { VideoJobCounts } from "@vigil/core/CameraStatus"
import type { ModelId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import type { InferenceObservation, LumaObservation } from "@vigil/core/Observation"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import type { Priority } from "@vigil/core/Priority"
import { mediaTime, monotonicTime } from "@vigil/core/Time"
import type { VideoJobTerms } from "@vigil/core/VideoJob"
import type { VideoJobResult } from "@vigil/core/VideoJobResult"
import { Effect, Either, Mailbox, Metric, Option, Schedule, Stream } from "effect"
import type { ClosedSegment, Segmenter } from "../camera/Segmenter.js"
import { now } from "../MonotonicClock.js"
import { makeHandover } from "./Handover.js"
import { makeVideoJob, videoJobId } from "./MakeVideoJob.js"
import { makeOutstandingJobs } from "./OutstandingJobs.js"

/** What workers are to do with a camera's segments. */
export interface QueuedWork extends Pick<VideoJobTerms, "own"> {
  readonly model: ModelId
  readonly priority: Priority
  readonly framesPerSecond: number
  readonly gate: "motion" | "always"
}

export interface DetectionPlacementOptions {
  readonly camera: Pick<Camera, "id" | "tenantId">
  readonly segmenter: Segmenter
  /** Detections of whoever is in charge, in the order of their media time, no frame twice. */
  readonly onDetections: (observation: InferenceObservation) => void
  /** `needsLocal` or `needsMotion` answers differently now. */
  readonly onSwitch: () => void
}

/**
 * Where a camera's frames are looked at: by this node, or by workers, to whom its segments go as jobs. It changes where one segment ends and the next begins, so
 * that each frame is looked at once; the source and the camera's actor notice nothing.
 */
export interface DetectionPlacement {
  /** Absent: by this node; `atOnce` without the rest of the open segment, and what waits is not sent any more. */
  readonly configure: (work: QueuedWork | undefined, atOnce?: boolean) => Effect.Effect<void>
  /** What the source delivers from now on. */
  readonly describe: (track: VideoTrack) => void
  readonly onLuma: (observation: LumaObservation) => void
  readonly onLocal: (observation: InferenceObservation) => void
  /** This node's detector has to run, if only to be ready. */
  readonly needsLocal: () => boolean
  /** The model whose workers the segments go to, and whether some of these answers. */
  readonly workers: () => { readonly model: ModelId; readonly answer: boolean } | undefined
  /** Whether something moves decides about jobs. */
  readonly needsMotion: () => boolean
  /** Frames that workers looked at. */
  readonly inferences: () => number
  readonly statistics: () => VideoJobCounts | undefined
}

/** Segments that wait to be published at the most; at five seconds each the queue may be away for so long. */
const mostWaiting = 6

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const metrics = {
  published: counter("vigil_video_jobs_published", "VideoJobs of this node's cameras that were published"),
  answered: counter("vigil_video_jobs_answered", "VideoJobs of this node's cameras whose results came in time"),
  late: counter("vigil_video_job_results_late", "Results of VideoJobs that nobody waited for any more"),
  dropped: counter(
    "vigil_video_jobs_dropped",
    "VideoJobs that were dropped because nobody took them in time, or could not be published"
  )
} as const

interface Waiting {
  readonly closed: ClosedSegment
  readonly track: VideoTrack
  readonly work: QueuedWork
}

/** `joining`: the workers are in charge from the next segment on; `leaving`: this node is, once the open segment is closed. */
type Mode = "local" | "joining" | "queue" | "leaving"

/** So many jobs in a row that nobody answers may be chance. */
const tolerated = 2

/** How long after something moved frames are still looked at; as long as this node's own detector does. Microseconds. */
const motionLasts = 3_000_000

/** Between looks for results that did not come. */
const checkInterval = "1 second"

/** Between tries while the queue is away, which is told of at each. */
const patiently = Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("10 seconds")), Schedule.jittered)

const make = (options: DetectionPlacementOptions, queue: typeof VideoJobQueue.Service, results: typeof VideoJobResults.Service) =>
  Effect.gen(function* () {
    const { camera, onSwitch, segmenter } = options
    const scope = yield* Effect.scope
    const waiting = yield* Mailbox.make<Waiting>({ capacity: mostWaiting, strategy: "dropping" })
    const outstanding = makeOutstandingJobs()
    const handover = makeHandover(options.onDetections)
    const counts = { published: 0, answered: 0, late: 0, dropped: 0, skipped: 0 }
    let mode: Mode = "local"
    let work: QueuedWork | undefined
    let track: VideoTrack | undefined
    let lastMotion = Number.NEGATIVE_INFINITY
    let inferences = 0
    let running = false
    /** Nothing may be sent. */
    let sealed = false
    let unlisten: (() => void) | undefined

    const settle = () => {
      if (outstanding.count() === 0) handover.settled()
    }

    const drop = () => {
      counts.dropped++
      metrics.dropped.unsafeUpdate(1, [])
    }

    const offer = (closed: ClosedSegment) => {
      const [first] = closed.units
      if (work === undefined || track === undefined || first === undefined) return
      if (work.gate === "motion" && lastMotion < closed.segment.start - motionLasts) {
        counts.skipped++
        return
      }
      if (!closed.segment.startsAtKeyframe || !waiting.unsafeOffer({ closed, track, work })) return drop()
      const { mediaTime: at, received, wallClockOrigin } = first
      const jobId = videoJobId(closed.segment)
      outstanding.add({ jobId, model: work.model, publishedAt: now(), mediaTime: at, received, wallClockOrigin })
    }

    const leave = (cut: number) => {
      unlisten?.()
      unlisten = undefined
      mode = "local"
      work = undefined
      handover.toLocal(mediaTime(cut), outstanding.count() > 0)
      onSwitch()
    }

    const listen = () => {
      unlisten = segmenter.listen({
        onOpened: (cut) => {
          if (mode !== "joining") return
          mode = "queue"
          handover.toQueue(cut)
          onSwitch()
        },
        onClosed: (closed) => {
          offer(closed)
          if (mode === "leaving") leave(closed.segment.end)
        }
      })
    }

    const publish = ({ closed, track: video, work: wanted }: Waiting) =>
      Effect.gen(function* () {
        const jobId = videoJobId(closed.segment)
        const job = makeVideoJob(closed, video, camera, wanted.model, wanted.priority)
        if (Either.isLeft(job)) {
          yield* Effect.logWarning(`segment ${closed.segment.sequence} cannot be sent to workers: ${job.left}`)
        } else {
          const published = sealed
            ? Option.none()
            : yield* queue.publish(job.right, { framesPerSecond: wanted.framesPerSecond, own: wanted.own }).pipe(
                Effect.tapError((error) => Effect.logWarning(error.message)),
                Effect.retry({ schedule: patiently.pipe(Schedule.upTo(results.limit)), while: () => !sealed }),
                Effect.option
              )
          if (Option.isSome(published)) {
            counts.published++
            return metrics.published.unsafeUpdate(1, [])
          }
        }
        outstanding.withdraw(jobId)
        drop()
        settle()
      })

    const onResult = (result: VideoJobResult) => {
      const observations = outstanding.answer(result)
      if (observations === undefined) {
        counts.late++
        return metrics.late.unsafeUpdate(1, [])
      }
      counts.answered++
      metrics.answered.unsafeUpdate(1, [])
      inferences += observations.length
      for (const observation of observations) handover.queued(observation)
      settle()
    }

    const publishing = waiting.take.pipe(
      Effect.flatMap(publish),
      Effect.forever,
      // The mailbox ends with the actor's scope.
      Effect.catchTag("NoSuchElementException", () => Effect.void)
    )

    const following = results.follow(camera.id).pipe(
      Effect.flatMap(Stream.runForEach((result) => Effect.sync(() => onResult(result)))),
      Effect.scoped,
      Effect.tapError((error) => Effect.logWarning(error.message)),
      Effect.retry(patiently)
    )

    const expiring = Effect.sync(() => {
      outstanding.expire(monotonicTime(now() - results.limit))
      settle()
    }).pipe(Effect.delay(checkInterval), Effect.forever)

    /** Once a camera was on the queue; results may come long after it left. */
    const run = Effect.suspend(() => {
      if (running) return Effect.void
      running = true
      return Effect.forEach([publishing, following, expiring], Effect.forkIn(scope), { discard: true })
    })

    const place = (wanted: QueuedWork | undefined, atOnce: boolean) =>
      Effect.suspend(() => {
        if (wanted !== undefined) {
          work = wanted
          if (mode === "local") {
            mode = "joining"
            listen()
          } else if (mode === "leaving") mode = "queue"
          return run
        }
        if (mode !== "local" && atOnce) leave(Number.NEGATIVE_INFINITY)
        else if (mode === "joining") leave(Number.NEGATIVE_INFINITY)
        else if (mode === "queue" && segmenter.isOpen()) mode = "leaving"
        else if (mode !== "local") leave(Number.NEGATIVE_INFINITY)
        return Effect.void
      })

    /** What was sent before, and nobody has taken, is not to be looked at either. */
    const recall = queue
      .erase(camera.tenantId, ({ cameraId }) => cameraId === camera.id)
      .pipe(
        Effect.tapError((error) => Effect.logWarning(error.message)),
        Effect.retry(patiently.pipe(Schedule.upTo(results.limit))),
        Effect.ignoreLogged,
        Effect.forkIn(scope)
      )

    const placement: DetectionPlacement = {
      configure: (wanted, atOnce = false) =>
        Effect.suspend(() => {
          const wasSealed = sealed
          sealed = wanted === undefined && atOnce
          return Effect.zipRight(sealed && !wasSealed && running ? recall : Effect.void, place(wanted, atOnce))
        }),
      describe: (next) => {
        track = next
      },
      onLuma: ({ frame, motion }) => {
        if (motion.regions.length > 0) lastMotion = frame.mediaTime
      },
      onLocal: handover.local,
      needsLocal: () => mode !== "queue",
      workers: () => (work === undefined ? undefined : { model: work.model, answer: outstanding.lostInARow() <= tolerated }),
      needsMotion: () => work?.gate === "motion",
      inferences: () => inferences,
      statistics: () => (running ? { ...counts, lost: outstanding.lost(), outstanding: outstanding.count() } : undefined)
    }
    return placement
  })

/** Without a queue in this process the node looks at everything itself, and says so once. */
const withoutQueue = (options: DetectionPlacementOptions): DetectionPlacement => {
  let said = false
  return {
    configure: (work) => {
      if (work === undefined || said) return Effect.void
      said = true
      return Effect.logWarning("detection is placed on the queue, but this node has none (vigil node --nats): it runs here")
    },
    describe: () => undefined,
    onLuma: () => undefined,
    onLocal: options.onDetections,
    needsLocal: () => true,
    workers: () => undefined,
    needsMotion: () => false,
    inferences: () => 0,
    statistics: () => undefined
  }
}

export const makeDetectionPlacement = (options: DetectionPlacementOptions) =>
  Effect.gen(function* () {
    const queue = yield* Effect.serviceOption(VideoJobQueue)
    const results = yield* Effect.serviceOption(VideoJobResults)
    return Option.isSome(queue) && Option.isSome(results)
      ? yield* make(options, queue.value, results.value)
      : withoutQueue(options)
  })
