import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { CameraId } from "@vigil/core/Ids"
import type { Observation } from "@vigil/core/Observation"
import { type AccessUnitSink, emptyStatistics } from "@vigil/core/Source"
import { type MonotonicTime, mediaTime, wallTime } from "@vigil/core/Time"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { now as monotonicNow } from "@vigil/runtime/MonotonicClock"
import { type CameraDecoder, type DecoderListener, MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import { Sources } from "@vigil/runtime/source/Sources"
import { Effect, Layer, Schedule } from "effect"
import { type FromLightNode, lightCameraNumber } from "./LightNodeProtocol.js"

const size = { width: 640, height: 480 }

/** Between two observations of a camera: longer than a happening is remembered, so that each of them is an event of its own. Microseconds. */
const step = 3_000_000

const observation = (frame: number): Observation => ({
  _tag: "Luma",
  frame: {
    frame,
    size,
    mediaTime: mediaTime(frame * step),
    wallTime: wallTime(Date.now()),
    wallClockOrigin: "receive",
    received: monotonicNow()
  },
  mean: 110,
  deviation: 48,
  sharpness: 420,
  edgesKept: 1,
  difference: 0.05,
  motion: { area: 0.05, regions: [], settled: true }
})

/** Between two pictures of a camera: often enough that it does not count as stalled. */
const pictureEvery = "3 seconds"

const picture = (at: MonotonicTime): AccessUnit => ({
  track: 0,
  kind: "video",
  units: [new Uint8Array(8)],
  keyframe: true,
  damaged: false,
  mediaTime: mediaTime(Math.round(at * 1000)),
  wallTime: wallTime(Date.now()),
  wallClockOrigin: "receive",
  received: at
})

/** Sources that open at once and send next to nothing. */
export const layerLightSources = (send: (message: FromLightNode) => void, now: () => number) =>
  Layer.scoped(
    Sources,
    Effect.gen(function* () {
      const sinks = new Set<AccessUnitSink>()
      yield* Effect.sync(() => {
        for (const sink of sinks) void sink(picture(monotonicNow()))
      }).pipe(Effect.repeat(Schedule.spaced(pictureEvery)), Effect.forkScoped)
      return Sources.of({
        open: (config, sink) =>
          Effect.gen(function* () {
            const camera = lightCameraNumber(config.url)
            yield* Effect.acquireRelease(
              Effect.sync(() => {
                sinks.add(sink)
                send({ type: "opened", camera, at: now() })
              }),
              () =>
                Effect.sync(() => {
                  sinks.delete(sink)
                  send({ type: "closed", camera, at: now() })
                })
            )
            return {
              description: { protocol: "light", tracks: [{ kind: "video", codec: "h264", ...size, parameterSets: [] }] },
              statistics: () => emptyStatistics,
              ended: Effect.never
            }
          })
      })
    })
  )

/** Decoders that see something move every `eventEvery` milliseconds, without a picture. */
export const layerLightWorkers = (eventEvery: number | undefined) =>
  Layer.scoped(
    MediaWorkers,
    Effect.gen(function* () {
      const listeners = new Set<DecoderListener>()
      let frame = 0
      const beat = Effect.sync(() => {
        frame++
        for (const { onObservation } of listeners) onObservation(observation(frame))
      })
      if (eventEvery !== undefined) yield* beat.pipe(Effect.repeat(Schedule.fixed(eventEvery)), Effect.forkScoped)
      const decoderOf = (cameraId: CameraId): CameraDecoder => ({
        push: () => undefined,
        configure: () => undefined,
        snapshot: Effect.suspend(() => new NoPicture({ cameraId, detail: "it has no media" })),
        drain: Effect.void,
        statistics: () => ({ decoded: 0, dropped: 0, skipped: 0, errors: 0, inferences: 0, inferencesDropped: 0, restarts: 0 })
      })
      return MediaWorkers.of({
        openDecoder: (cameraId, _track, _demand, listener) =>
          Effect.as(
            Effect.acquireRelease(
              Effect.sync(() => listeners.add(listener)),
              () => Effect.sync(() => listeners.delete(listener))
            ),
            decoderOf(cameraId)
          ),
        openDemuxer: () => Effect.dieMessage("there are no files here"),
        health: Effect.succeed([])
      })
    })
  )
