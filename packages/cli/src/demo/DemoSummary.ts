import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Effect, Ref, Schedule, Schema, Stream } from "effect"

/** What the demonstration has done; the last line of `vigil demo --for ... --json`. */
export const DemoSummary = Schema.Struct({
  cameras: Schema.Int,
  streaming: Schema.Int,
  framesDecoded: Schema.Int,
  framesDropped: Schema.Int,
  detections: Schema.Int,
  events: Schema.Int,
  /** Milliseconds from the camera's picture to its detection; `null` before the first. */
  latencyMsP50: Schema.NullOr(Schema.Number),
  latencyMsP95: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "DemoSummary" })
export type DemoSummary = typeof DemoSummary.Type

const mostSamples = 10_000

/** Follows the overlays of cameras, for the latency from capture to detection. Milliseconds. */
export const followLatency = (cameras: ReadonlyArray<CameraId>) =>
  Effect.gen(function* () {
    const samples = yield* Ref.make<ReadonlyArray<number>>([])
    const control = yield* CameraControl
    const follow = (id: CameraId) =>
      control.overlays(id).pipe(
        Stream.runForEach(({ wallTime }) => Ref.update(samples, (all) => [...all.slice(1 - mostSamples), Date.now() - wallTime])),
        Effect.retry(Schedule.spaced("500 millis"))
      )
    yield* Effect.forEach(cameras, (id) => Effect.forkScoped(follow(id)), { discard: true })
    return samples
  })

export const summarise = (statuses: ReadonlyArray<CameraStatus>, latencies: ReadonlyArray<number>): DemoSummary => {
  const total = (pick: (pipeline: CameraStatus["pipeline"]) => number) =>
    statuses.reduce((sum, status) => sum + pick(status.pipeline), 0)
  const rounded = (share: number) => {
    const value = percentile(latencies, share)
    return value === undefined ? null : Math.round(value * 10) / 10
  }
  return {
    cameras: statuses.length,
    streaming: statuses.filter(({ state }) => state._tag === "Streaming").length,
    framesDecoded: total(({ framesDecoded }) => framesDecoded),
    framesDropped: total(({ framesDropped }) => framesDropped),
    detections: total(({ detections }) => detections),
    events: total(({ events }) => events),
    latencyMsP50: rounded(0.5),
    latencyMsP95: rounded(0.95)
  }
}

export const summaryText = (summary: DemoSummary): string =>
  `${summary.cameras} cameras, ${summary.framesDecoded} frames decoded, ${summary.framesDropped} dropped, ` +
  `${summary.detections} detections, ${summary.events} events, ` +
  `camera to detection ${summary.latencyMsP50 ?? "?"} ms (p50), ${summary.latencyMsP95 ?? "?"} ms (p95)`
