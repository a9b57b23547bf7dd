import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { Line } from "@vigil/core/geometry/Zone"
import { defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { CameraRuns } from "@vigil/core/settings/CameraRuns"
import { Settings } from "@vigil/core/settings/Settings"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"
import { makeAnalyticSlots } from "@vigil/runtime/camera/AnalyticSlots"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as FollowSettings from "@vigil/runtime/camera/FollowSettings"
import { Effect, Exit, Layer, Logger, LogLevel, Schedule, Schema, Scope } from "effect"
import { picture } from "../material/AccessUnits.js"
import { layerNoModels, layerSources, layerWorkers, type RecordedDecoder, scriptedSources } from "../material/FakeMedia.js"

const layer = FollowSettings.layer.pipe(
  Layer.provideMerge(CameraRuns.layer),
  Layer.provideMerge(Layer.mergeAll(Settings.layer, OutboxRelay.layer, layerNoModels, CameraActors.layer)),
  Layer.provideMerge(Layer.merge(layerStoresMemory, layerBusMemory)),
  Layer.provideMerge(Logger.minimumLogLevel(LogLevel.None))
)

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("10 millis") }))

const decodeCamera = Schema.decodeSync(NewCamera)

/** A camera that runs, of the default tenant unless another one is said. */
const running = (options: { readonly tenant?: TenantId; readonly camera?: Partial<typeof NewCamera.Encoded> } = {}) =>
  Effect.gen(function* () {
    const script = scriptedSources()
    const decoders: Array<RecordedDecoder> = []
    const store = yield* CameraStore
    const tenant = options.tenant ?? defaultTenant
    const camera = yield* store.create(tenant, decodeCamera({ name: "Gate", url: "rtsp://192.0.2.7/live", ...options.camera }))
    const media = Layer.mergeAll(layerSources(script), layerWorkers(decoders))
    const scope = yield* Scope.make()
    const actor = yield* Effect.provide(makeCameraActor(camera, "here", "default:1"), media).pipe(Scope.extend(scope))
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    yield* until(() => decoders.length === 1)
    let sent = 0
    /** Seconds of video. */
    const play = (seconds: number) =>
      Effect.sync(() => {
        for (let index = 0; index < seconds * 15; index++) script.opened[0]?.send(picture(sent++))
      })
    const change = (patch: Parameters<typeof store.update>[2]) =>
      Effect.flatMap(store.update(tenant, camera.id, patch), actor.configure)
    return { actor, change, play, demand: () => decoders[0]?.demands.at(-1), decoders, script }
  })

const say = (patch: SettingPatch, level: "system" | "tenant" = "tenant", tenant = defaultTenant) =>
  Effect.flatMap(SettingStore, ({ change }) => change(tenant, { level }, patch))

const test = (name: string, body: () => Effect.Effect<void, unknown, Layer.Layer.Success<typeof layer> | Scope.Scope>) =>
  it.scopedLive(name, () => body().pipe(Effect.provide(layer)))

describe("a running camera", () => {
  test("follows settings that change, and keeps its source and decoder", () =>
    Effect.gen(function* () {
      const { actor, decoders, demand, play, script } = yield* running()
      expect(demand()?.luma?.sensitivity).toBe(0.5)
      yield* say({ "analytic.motion.sensitivity": 0.9 })
      yield* until(() => demand()?.luma?.sensitivity === 0.9)
      yield* say({ "analytic.motion.sensitivity": null })
      yield* until(() => demand()?.luma?.sensitivity === 0.5)

      yield* say({ "motion.framesPerSecond": 2 })
      yield* until(() => demand()?.luma?.framesPerSecond === 2)

      yield* play(11)
      expect(actor.status().pipeline.segments).toBe(2)
      yield* say({ "segment.duration": 2, "analytic.motion.sensitivity": 0.4 }, "system")
      yield* until(() => demand()?.luma?.sensitivity === 0.4)
      yield* play(10)
      expect(actor.status().pipeline.segments).toBe(7)

      expect(script.opened).toHaveLength(1)
      expect(script.opened[0]?.closed).toBe(false)
      expect(decoders).toHaveLength(1)
      expect(actor.status()).toMatchObject({ revision: 1, state: { _tag: "Streaming" } })
    }))

  test("starts with what holds, and its own settings hold above all", () =>
    Effect.gen(function* () {
      yield* say({ "segment.duration": 2, "analytic.motion.sensitivity": 0.9 })
      const inheriting = yield* running()
      const own = yield* running({ camera: { segment: { duration: 3, overlap: 0 } } })
      for (const { demand, play } of [inheriting, own]) {
        expect(demand()?.luma?.sensitivity).toBe(0.9)
        yield* play(13)
      }
      expect([inheriting, own].map(({ actor }) => actor.status().pipeline.segments)).toEqual([6, 4])
      yield* own.change({ settings: {}, analytics: [] })
      expect(own.demand()?.luma).toBeUndefined()
      yield* own.play(10)
      expect(own.actor.status().pipeline.segments).toBe(9)
    }))

  test("hears nothing of other tenants", () =>
    Effect.gen(function* () {
      const theirs = TenantId.make("00000000-0000-4000-8000-000000000002")
      const ours = yield* running()
      const other = yield* running({ tenant: theirs })
      const configured = ours.decoders[0]?.demands.length
      yield* say({ "analytic.motion.sensitivity": 0.1 }, "tenant", theirs)
      yield* until(() => other.demand()?.luma?.sensitivity === 0.1)
      expect(ours.decoders[0]?.demands).toHaveLength(configured ?? -1)
    }))

  test("does not count detections that are less certain than the setting of their model", () =>
    Effect.gen(function* () {
      const { actor, decoders, demand } = yield* running()
      const see = Effect.sync(() => {
        decoders[0]?.listener.onObservation({
          _tag: "Inference",
          model: ModelId.make("yolox-nano"),
          frame: {
            frame: 1,
            size: { width: 640, height: 480 },
            mediaTime: mediaTime(0),
            wallTime: wallTime(0),
            wallClockOrigin: "receive",
            received: monotonicTime(0)
          },
          detections: [0.3, 0.6, 0.9].map((confidence) => ({
            label: "person",
            confidence,
            box: { x: 0, y: 0, width: 10, height: 20 }
          })),
          queued: 0,
          ran: 1
        })
        return actor.status().pipeline.detections
      })
      expect(yield* see).toBe(3)
      yield* say({ "model.yolox-nano.confidence": 0.6, "model.other.confidence": 1, "analytic.motion.sensitivity": 0.1 })
      yield* until(() => demand()?.luma?.sensitivity === 0.1)
      expect(yield* see).toBe(5)
    }))

  test("remembers as much of the past as the settings say", () =>
    Effect.gen(function* () {
      const { actor, demand, play } = yield* running()
      yield* play(30)
      const seconds = () => Math.floor(actor.hub.past().length / 15)
      expect(seconds()).toBe(16)
      yield* say({ "buffer.seconds": 3, "analytic.motion.sensitivity": 0.1 })
      yield* until(() => demand()?.luma?.sensitivity === 0.1)
      yield* play(20)
      expect(seconds()).toBe(4)
    }))
})

describe("the analytics of a camera", () => {
  it.effect("go on with what they know where a change does not touch them", () =>
    Effect.gen(function* () {
      const fit = yield* makeAnalyticSlots
      const camera = { ...decodeCamera({ name: "Gate", url: "rtsp://192.0.2.7/live" }), masks: [] }
      const [motion, tamper, intrusion] = yield* fit(camera)
      const analytics = camera.analytics.map((assigned, index) =>
        index === 0 ? { ...assigned, settings: { sensitivity: 0.9 } } : assigned
      )
      const next = yield* fit({ ...camera, analytics })
      expect(next[0]).not.toBe(motion)
      expect(next[1]).toBe(tamper)
      expect(next[2]).toBe(intrusion)
      const kerb = Line.make({ name: "kerb", from: { x: 0, y: 0 }, to: { x: 1, y: 1 }, direction: "both" })
      const drawn = yield* fit({ ...camera, analytics, lines: [kerb] })
      expect(drawn.some((analytic) => next.includes(analytic))).toBe(false)
      yield* fit({ ...camera, enabled: false })
      expect((yield* fit(camera))[0], "after it was off").not.toBe(motion)
    })
  )
})
