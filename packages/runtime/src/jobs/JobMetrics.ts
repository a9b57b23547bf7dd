import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { Effect, Layer, Metric, Schedule } from "effect"

/** How often the queue is asked. */
const interval = "15 seconds"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const waiting = gauge("vigil_video_jobs_waiting", "VideoJobs that no worker has taken yet, by model, whose own it is, and lane")
const inFlight = gauge("vigil_video_jobs_in_flight", "VideoJobs that workers have, by model, whose own it is, and lane")
const lag = gauge(
  "vigil_video_job_lag_seconds",
  "Age of the oldest VideoJob that is not done, by model, whose own it is, and lane"
)

/** Depth and lag of all consumer groups, as metrics. The whole cluster's: each node tells the same. */
export const layer: Layer.Layer<never, never, VideoJobQueue> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { depth } = yield* VideoJobQueue

    const look = Effect.flatMap(depth, (depths) =>
      Effect.forEach(
        depths,
        (entry) => {
          const tagged = (metric: Metric.Metric.Gauge<number>) => {
            const named = Metric.tagged(Metric.tagged(metric, "model", entry.model), "lane", entry.lane)
            return entry.owner === undefined ? named : Metric.tagged(named, "owner", entry.owner)
          }
          return Effect.all(
            [
              Metric.set(tagged(waiting), entry.waiting),
              Metric.set(tagged(inFlight), entry.inFlight),
              Metric.set(tagged(lag), entry.lag)
            ],
            { discard: true }
          )
        },
        { discard: true }
      )
    ).pipe(Effect.catchAll((error) => Effect.logDebug(error.message)))

    yield* look.pipe(Effect.repeat(Schedule.spaced(interval)), Effect.forkScoped)
  })
)
