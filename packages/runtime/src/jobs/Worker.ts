import { ModelId, TenantId } from "@vigil/core/Ids"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { type VideoJobDelivery, VideoJobQueue, type VideoJobQueueUnavailable } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { type AnalysedFrame, VideoJobResult } from "@vigil/core/VideoJobResult"
import { Deferred, Duration, Effect, Fiber, Metric, MetricBoundaries, Schedule, Schema } from "effect"
import { makeLatencyWindow } from "../camera/LatencyWindow.js"
import { now } from "../MonotonicClock.js"
import { analyseSegment } from "./AnalyseSegment.js"
import { WorkerModels } from "./WorkerModels.js"

export interface WorkerOptions {
  readonly model: ModelId
  /** Jobs at the same time. */
  readonly concurrency: number
  /** Says in the results who made them. */
  readonly name: string
  /** How long a worker that is to end waits for what it has begun, before it gives it back. */
  readonly grace?: Duration.DurationInput
}

/** What a worker did since it started. */
export const WorkerStatistics = Schema.Struct({
  model: ModelId,
  /** Whose own model it is. */
  owner: Schema.optional(TenantId),
  worker: Schema.String,
  /** Jobs whose results were published. */
  processed: Schema.Int,
  /** Tries that failed. */
  failed: Schema.Int,
  inFlight: Schema.Int,
  frames: Schema.Int,
  detections: Schema.Int,
  /** Milliseconds from publication to being taken, and from there to the result, over the newest jobs; absent before the first. */
  waitedP95: Schema.optional(Schema.Number),
  tookP50: Schema.optional(Schema.Number),
  tookP95: Schema.optional(Schema.Number)
}).annotations({ identifier: "WorkerStatistics" })
export type WorkerStatistics = typeof WorkerStatistics.Type

export interface Worker {
  readonly statistics: () => WorkerStatistics
}

const outcomes = Metric.counter("vigil_video_jobs_tried", {
  description: "Tries at VideoJobs by their outcome",
  incremental: true
})
const seconds = MetricBoundaries.fromIterable([0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
const waits = Metric.histogram("vigil_video_job_wait_seconds", seconds, "From a VideoJob's publication to a worker's taking it")
const durations = Metric.histogram("vigil_video_job_duration_seconds", seconds, "From taking a VideoJob to its result")

/** A result waits that long for the server, in all; then the job is given back. */
const publication = Schedule.spaced("500 millis").pipe(Schedule.upTo("20 seconds"))

const defaultGrace = Duration.seconds(10)

/** A job that the queue cannot be told of comes again by itself. */
const tell = (effect: Effect.Effect<void, VideoJobQueueUnavailable>) =>
  Effect.catchAll(effect, (error) => Effect.logWarning(error.message))

const makeCounts = ({ model, name }: WorkerOptions, owner: TenantId | undefined) => {
  const counts = { processed: 0, failed: 0, inFlight: 0, frames: 0, detections: 0 }
  const waited = makeLatencyWindow()
  const took = makeLatencyWindow()
  return {
    counts,
    waited,
    took,
    statistics: (): WorkerStatistics => {
      const [waitedP95, tookP50, tookP95] = [waited.percentile(0.95), took.percentile(0.5), took.percentile(0.95)]
      return {
        model,
        ...(owner === undefined ? {} : { owner }),
        worker: name,
        ...counts,
        ...(waitedP95 === undefined ? {} : { waitedP95 }),
        ...(tookP50 === undefined || tookP95 === undefined ? {} : { tookP50, tookP95 })
      }
    }
  }
}

/** How a job's pictures are looked at: with the media workers, see {@link analyseSegment}. */
export type Analyse<R> = (
  delivery: VideoJobDelivery,
  model: InstalledModel
) => Effect.Effect<ReadonlyArray<AnalysedFrame>, { readonly message: string }, R>

const withMediaWorkers = ({ job, terms }: VideoJobDelivery, model: InstalledModel) => analyseSegment(job, terms, model)

/** Works off a model's jobs with another way to look at them. */
export const startWorkerWith = <R>(options: WorkerOptions, analyse: Analyse<R>) =>
  Effect.gen(function* () {
    const queue = yield* VideoJobQueue
    const results = yield* VideoJobResults
    const models = yield* WorkerModels
    const consumer = yield* queue.consume({ model: options.model, owner: models.owner })
    const stopping = yield* Deferred.make<void>()
    const { counts, statistics, took, waited } = makeCounts(options, models.owner)

    const publish = (delivery: VideoJobDelivery, frames: ReadonlyArray<AnalysedFrame>, began: number) =>
      Effect.gen(function* () {
        const { cameraId, customerId, jobId, segmentSequence } = delivery.job
        const duration = now() - began
        const result = { jobId, customerId, cameraId, segmentSequence, model: options.model, frames, worker: options.name }
        yield* Effect.retry(results.publish(new VideoJobResult({ ...result, took: duration })), publication)
        yield* tell(delivery.ack)
        counts.processed++
        counts.frames += frames.length
        counts.detections += frames.reduce((sum, { detections }) => sum + detections.length, 0)
        took.add(duration)
        yield* Metric.update(durations, duration / 1000)
        yield* Metric.increment(Metric.tagged(outcomes, "outcome", "done"))
      }).pipe(
        Effect.catchAll((error) =>
          Effect.zipRight(Effect.logWarning(`a result could not be published: ${error.message}`), tell(delivery.giveBack))
        )
      )

    const fail = (delivery: VideoJobDelivery, reason: string) =>
      Effect.gen(function* () {
        counts.failed++
        const { cameraId, jobId } = delivery.job
        yield* Effect.logWarning(`job ${jobId} of camera ${cameraId}, try ${delivery.delivery}, failed: ${reason}`)
        yield* Metric.increment(Metric.tagged(outcomes, "outcome", "failed"))
        yield* tell(delivery.nak(reason))
      })

    const heartbeat = (delivery: VideoJobDelivery) =>
      tell(delivery.inProgress).pipe(Effect.delay(Duration.millis(queue.acknowledgementTime / 4)), Effect.forever)

    const work = (delivery: VideoJobDelivery) =>
      Effect.gen(function* () {
        const began = now()
        counts.inFlight++
        waited.add(delivery.waited)
        yield* Metric.update(waits, delivery.waited / 1000)
        const working = models.modelOf(delivery.terms).pipe(
          Effect.flatMap((model) => analyse(delivery, model)),
          Effect.matchEffect({
            onSuccess: (frames) => publish(delivery, frames, began),
            onFailure: ({ message }) => fail(delivery, message)
          })
        )
        yield* Effect.raceFirst(working, heartbeat(delivery))
      }).pipe(Effect.ensuring(Effect.sync(() => counts.inFlight--)))

    const stop = Deferred.await(stopping)
    const slot: Effect.Effect<void, never, R> = Effect.flatMap(
      Effect.raceFirst(
        Effect.map(consumer.take, (delivery): VideoJobDelivery | undefined => delivery),
        Effect.as(stop, undefined)
      ),
      (delivery) => (delivery === undefined ? Effect.void : Effect.zipRight(work(delivery), slot))
    )

    const slots = yield* Effect.forEach(Array.from({ length: options.concurrency }), () => Effect.forkDaemon(slot))
    yield* Effect.addFinalizer(() =>
      // What is still at work then is interrupted, and the consumer, whose scope closes after this, gives it back.
      Deferred.succeed(stopping, undefined).pipe(
        Effect.zipRight(Effect.timeoutOption(Effect.interruptible(Fiber.awaitAll(slots)), options.grace ?? defaultGrace)),
        Effect.zipRight(Fiber.interruptAll(slots))
      )
    )
    return { statistics } satisfies Worker
  })

/**
 * Works off a model's jobs until the scope closes: takes, decodes, infers, publishes the result, then acknowledges. When the scope closes it takes no more, finishes what it
 * has begun within the grace, and gives the rest back.
 */
export const startWorker = (options: WorkerOptions) => startWorkerWith(options, withMediaWorkers)
