import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { SourceError } from "@vigil/core/Source"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import { now } from "@vigil/runtime/MonotonicClock"
import { Effect, Exit, Fiber, Layer, Logger, LogLevel, Redacted, Schedule, Schema, Scope, Stream } from "effect"
import { picture } from "../material/AccessUnits.js"
import { layerNoModels, layerSources, layerWorkers, type RecordedDecoder, scriptedSources } from "../material/FakeMedia.js"

const stores = Layer.mergeAll(
  layerCameraStoreMemory,
  layerEventStoreMemory,
  layerBusMemory,
  layerNoModels,
  CameraActors.layer
).pipe(Layer.provideMerge(Logger.minimumLogLevel(LogLevel.None)))

/** Waits until `condition` holds; the test's own time limit is the deadline. */
const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("10 millis") }))

const lost = (reason: SourceError["reason"]) => new SourceError({ reason, url: "rtsp://192.0.2.7/live", detail: "as scripted" })

const setting = Effect.gen(function* () {
  const script = scriptedSources()
  const decoders: Array<RecordedDecoder> = []
  const store = yield* CameraStore
  const input = yield* Schema.decode(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" })
  const camera = yield* store.create(defaultTenant, {
    ...input,
    credentials: { username: "admin", password: Redacted.make("hunter2") }
  })
  const media = Layer.mergeAll(layerSources(script), layerWorkers(decoders))
  const scope = yield* Scope.make()
  const start = Effect.provide(makeCameraActor(camera, "here", "default:1"), media).pipe(Scope.extend(scope))
  const change = (patch: Parameters<typeof store.update>[2]) => store.update(defaultTenant, camera.id, patch)
  return { script, decoders, camera, store, start, change, close: Scope.close(scope, Exit.void) }
})

const test = (
  name: string,
  body: () => Effect.Effect<void, unknown, CameraStore | CameraActors | Layer.Layer.Success<typeof stores>>
) => it.scopedLive(name, () => body().pipe(Effect.provide(stores)))

const state = (actor: Effect.Effect.Success<ReturnType<typeof makeCameraActor>>) => actor.status().state._tag

describe("CameraActor", () => {
  test("opens its source with its credentials and hands the first key frame to the decoder", () =>
    Effect.gen(function* () {
      const { close, decoders, script, start } = yield* setting
      const actor = yield* start
      yield* until(() => script.opened.length === 1)
      expect(Redacted.value(script.opened[0]?.config.credentials?.password ?? Redacted.make(""))).toBe("hunter2")
      script.opened[0]?.send(picture(0))
      yield* until(() => (decoders[0]?.units.length ?? 0) === 1)
      yield* until(() => state(actor) === "Streaming")
      expect(actor.status()).toMatchObject({ node: "here", epoch: 1, revision: 1 })
      yield* close
      expect(script.opened[0]?.closed).toBe(true)
      expect(decoders[0]?.closed).toBe(true)
    }))

  test("backs off and opens again after a loss, with media time going on and the same decoder", () =>
    Effect.gen(function* () {
      const { close, decoders, script, start } = yield* setting
      const actor = yield* start
      yield* until(() => script.opened.length === 1)
      script.opened[0]?.send(picture(0, { received: now() }))
      script.refuse.push(lost("unreachable"))
      script.opened[0]?.lose(lost("closed"))
      yield* until(() => state(actor) === "BackingOff")
      yield* until(() => script.opened.length === 2)
      script.opened[1]?.send(picture(0, { received: now() }))
      yield* until(() => (decoders[0]?.units.length ?? 0) === 2)
      const [first, second] = decoders[0]?.units ?? []
      expect(second?.mediaTime).toBeGreaterThan(first?.mediaTime ?? 0)
      expect(decoders).toHaveLength(1)
      expect(script.opened[0]?.closed).toBe(true)
      yield* close
    }))

  test("stays away after a refused password until its configuration changes", () =>
    Effect.gen(function* () {
      const { change, close, script, start } = yield* setting
      script.refuse.push(lost("unauthorized"))
      const actor = yield* start
      yield* until(() => state(actor) === "Failed")
      expect(script.opened).toHaveLength(0)
      const changed = yield* change({ credentials: { username: "admin", password: Redacted.make("right") } })
      yield* actor.configure(changed)
      yield* until(() => script.opened.length === 1)
      expect(Redacted.value(script.opened[0]?.config.credentials?.password ?? Redacted.make(""))).toBe("right")
      yield* close
    }))

  test("opens its source with what its address does not show, and anew when that changes", () =>
    Effect.gen(function* () {
      const { change, close, script, start } = yield* setting
      const first = yield* change({ url: "rtsp://192.0.2.7/live?token=one" })
      const actor = yield* start
      yield* actor.configure(first)
      const addresses = () => script.opened.map(({ config }) => config.url)
      yield* until(() => addresses().at(-1) === "rtsp://192.0.2.7/live?token=one")
      const count = script.opened.length
      yield* actor.configure(yield* change({ url: "rtsp://192.0.2.7/live?token=***", name: "Front gate" }))
      const second = yield* change({ url: "rtsp://192.0.2.7/live?token=two" })
      expect(second.url).toBe("rtsp://192.0.2.7/live?token=***")
      yield* actor.configure(second)
      yield* until(() => addresses().at(-1) === "rtsp://192.0.2.7/live?token=two")
      expect(addresses()).toHaveLength(count + 1)
      yield* close
    }))

  test("keeps its source when only zones or analytics change", () =>
    Effect.gen(function* () {
      const { change, close, decoders, script, start } = yield* setting
      const actor = yield* start
      yield* until(() => state(actor) === "Streaming" || script.opened.length === 1)
      yield* until(() => decoders.length === 1)
      const changed = yield* change({ name: "Front gate", analytics: [] })
      yield* actor.configure(changed)
      yield* until(() => decoders[0]?.demands.at(-1)?.luma === undefined)
      expect(actor.status().revision).toBe(2)
      expect(script.opened).toHaveLength(1)
      expect(script.opened[0]?.closed).toBe(false)
      yield* close
    }))

  test("closes its source when it is disabled, and opens it when it is enabled", () =>
    Effect.gen(function* () {
      const { change, close, script, start } = yield* setting
      const actor = yield* start
      yield* until(() => script.opened.length === 1)
      yield* actor.configure(yield* change({ enabled: false }))
      yield* until(() => state(actor) === "Disabled")
      expect(script.opened[0]?.closed).toBe(true)
      yield* actor.configure(yield* change({ enabled: true }))
      yield* until(() => script.opened.length === 2)
      yield* close
    }))

  test("opens a new decoder when the codec changes", () =>
    Effect.gen(function* () {
      const { close, decoders, script, start } = yield* setting
      const actor = yield* start
      yield* until(() => decoders.length === 1)
      script.track = { ...script.track, codec: "h265" }
      yield* actor.restart
      yield* until(() => decoders.length === 2)
      expect(decoders[0]?.closed).toBe(true)
      expect(decoders[1]?.track.codec).toBe("h265")
      yield* close
    }))

  test("ends the overlays of those who watch when it ends", () =>
    Effect.gen(function* () {
      const { close, start } = yield* setting
      const actor = yield* start
      const watching = yield* Effect.fork(Stream.runDrain(Stream.fromPubSub(actor.overlays)))
      yield* Effect.sleep("20 millis")
      yield* close
      yield* Fiber.join(watching)
    }))

  test("takes a higher epoch each time it starts, and is listed only while it runs", () =>
    Effect.gen(function* () {
      const { camera, close, start, store } = yield* setting
      const actors = yield* CameraActors
      yield* start
      expect(actors.get(camera.id)?.status().epoch).toBe(1)
      yield* close
      expect(actors.size).toBe(0)
      expect(yield* store.takeEpoch(camera.id)).toBe(2)
    }))
})
