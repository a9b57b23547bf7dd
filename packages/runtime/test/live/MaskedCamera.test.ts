import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { Zone } from "@vigil/core/geometry/Zone"
import { defaultTenant } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { EventQuery } from "@vigil/core/Event"
import { EventStore } from "@vigil/core/port/EventStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import type { LivePicture } from "@vigil/runtime/live/LiveStream"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import * as Sources from "@vigil/runtime/source/Sources"
import { Effect, Layer, Logger, LogLevel, Schema } from "effect"
import { layerNoModels } from "../material/FakeMedia.js"
import { h264, testPicture, until, videoFolder } from "../material/Video.js"

const media = Sources.layer.pipe(Layer.provideMerge(MediaWorkersLive.layer({ engine: { threads: 1 } })))

const ports = Layer.mergeAll(
  layerCameraStoreMemory,
  layerEventStoreMemory,
  layerBusMemory,
  layerNoModels,
  CameraActors.layer,
  media
).pipe(Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Error)))

const [width, height] = [320, 240]

/** The lower right quarter. */
const quarter = new Zone({
  name: "desk",
  polygon: [
    { x: 0.5, y: 0.5 },
    { x: 1, y: 0.5 },
    { x: 1, y: 1 },
    { x: 0.5, y: 1 }
  ]
})

/** The upper left quarter. */
const corner = new Zone({ name: "till", polygon: quarter.polygon.map(({ x, y }) => ({ x: x - 0.5, y: y - 0.5 })) })

const fragment = 28
const start = Buffer.of(0, 0, 0, 1)

/** The NAL units that RTP payloads carry (RFC 6184: single units and FU-A), with start codes. */
const streamOf = (pictures: ReadonlyArray<LivePicture>): Buffer =>
  Buffer.concat(
    pictures.flatMap(({ payloads }) =>
      payloads.flatMap((payload) => {
        const [first = 0, header = 0] = payload
        if ((first & 0x1f) !== fragment) return [start, payload]
        const rest = payload.subarray(2)
        return (header & 0x80) === 0 ? [rest] : [start, Buffer.of((first & 0xe0) | (header & 0x1f)), rest]
      })
    )
  )

it.scopedLive(
  "a large privacy mask is no tampering with the camera",
  () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(videoFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      const file = yield* Effect.promise(() =>
        folder.make("camera.mp4", ...testPicture(`${width}x${height}`, 15, 4), ...h264(15))
      )
      const store = yield* CameraStore
      const tamper = { analytic: "tamper", settings: { minimumDuration: 500 } }
      const input = yield* Schema.decode(NewCamera)({ name: "Desk", url: pathToFileURL(file).href, analytics: [tamper] })
      const camera = yield* store.create(defaultTenant, input)
      const actor = yield* makeCameraActor(camera, "here", "default:1")
      const decoded = () => actor.status().pipeline.framesDecoded
      yield* until("the usual picture is known", () => decoded() > 4 * 15, 30)
      const most = new Zone({
        name: "most",
        polygon: quarter.polygon.map(({ x, y }) => ({ x: x < 1 ? 0.02 : 0.98, y: y < 1 ? 0.02 : 0.98 }))
      })
      yield* actor.configure(yield* store.update(defaultTenant, camera.id, { masks: [most] }))
      const before = decoded()
      yield* until("it was looked at for a while", () => decoded() > before + 4 * 15, 30)
      const { query } = yield* EventStore
      const { events } = yield* query(defaultTenant, Schema.decodeSync(EventQuery)({ cameraId: camera.id }))
      expect(events.map(({ event }) => event.detectionMetadata.detail)).toEqual([])
    }).pipe(Effect.provide(ports)),
  { timeout: 120_000 }
)

it.scopedLive(
  "viewers of a camera that gets a privacy mask go on looking, and see nothing of what it hides any more",
  () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(videoFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      const file = yield* Effect.promise(() =>
        folder.make("camera.mp4", ...testPicture(`${width}x${height}`, 15, 4), ...h264(15))
      )
      /** Pixels of the luma plane of the last picture. */
      const lastOf = (pictures: ReadonlyArray<LivePicture>): Buffer => {
        const coded = folder.path(`${crypto.randomUUID()}.h264`)
        writeFileSync(coded, streamOf(pictures))
        const raw = ["-vsync", "0", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
        const planes = execFileSync("ffmpeg", ["-v", "error", "-i", coded, ...raw], { maxBuffer: 1e8 })
        return planes.subarray(-width * height)
      }
      const spread = (plane: Buffer, x: number, y: number): number => {
        const values = Array.from({ length: 60 * 60 }, (_, at) => plane[(y + Math.floor(at / 60)) * width + x + (at % 60)] ?? 0)
        return (
          values.reduce((most, value) => Math.max(most, value), 0) - values.reduce((least, value) => Math.min(least, value), 255)
        )
      }
      const store = yield* CameraStore
      const input = yield* Schema.decode(NewCamera)({ name: "Desk", url: pathToFileURL(file).href, analytics: [] })
      const camera = yield* store.create(defaultTenant, input)
      const actor = yield* makeCameraActor(camera, "here", "default:1")
      const shown: Array<LivePicture> = []
      const leave = actor.live.join((picture) => void shown.push(picture))
      yield* until("the camera's own stream is shown", () => shown.length > 20)
      const before = lastOf(shown)
      expect(spread(before, 220, 150)).toBeGreaterThan(60)
      expect(actor.status().pipeline.framesDecoded).toBe(0)

      yield* actor.configure(yield* store.update(defaultTenant, camera.id, { masks: [quarter] }))
      const masked = shown.length
      yield* until("it is shown without what the mask hides", () => shown.length > masked + 20)
      expect(shown[masked]?.keyframe).toBe(true)
      const after = lastOf(shown.slice(masked))
      expect(spread(after, 220, 150)).toBeLessThan(20)
      expect(spread(after, 20, 20)).toBeGreaterThan(60)
      const jpeg = folder.path("snapshot.jpg")
      writeFileSync(jpeg, yield* actor.snapshot)
      const still = execFileSync("ffmpeg", ["-v", "error", "-i", jpeg, "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
        maxBuffer: 1e8
      })
      expect(spread(still, 220, 150)).toBeLessThan(10)
      expect(spread(still, 20, 20)).toBeGreaterThan(60)

      // Another mask holds from the next picture on, which is a key frame: nothing of those before is built upon.
      yield* actor.configure(yield* store.update(defaultTenant, camera.id, { masks: [quarter, corner] }))
      const changed = shown.length
      yield* until("it is shown without what both masks hide", () => shown.length > changed + 20)
      const next = shown.findIndex(({ keyframe }, index) => index >= changed && keyframe)
      expect(next).toBeGreaterThanOrEqual(changed)
      const both = lastOf(shown.slice(next))
      expect(spread(both, 20, 20)).toBeLessThan(20)
      expect(spread(both, 220, 150)).toBeLessThan(20)
      expect(spread(both, 220, 20)).toBeGreaterThan(60)

      leave()
      const decoded = () => actor.status().pipeline.framesDecoded
      yield* Effect.sleep("500 millis")
      const then = decoded()
      yield* Effect.sleep("500 millis")
      expect(decoded(), "nothing is decoded for nobody").toBe(then)
    }).pipe(Effect.provide(ports)),
  { timeout: 120_000 }
)
