import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { CameraStore } from "@vigil/core/port/CameraStore"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as FollowModels from "@vigil/runtime/camera/FollowModels"
import { Effect, Layer, Logger, LogLevel, Option, Schedule, Schema, Stream, SubscriptionRef, TestClock } from "effect"
import { layerNoModels, layerSources, layerWorkers, type RecordedDecoder, scriptedSources } from "../material/FakeMedia.js"
import { describeTiny } from "../material/Models.js"

const modelOf = (byte: number): InstalledModel => ({
  descriptor: describeTiny(Uint8Array.of(byte), { width: 32, height: 32 }, { id: ModelId.make(`model-${byte}`) }),
  file: `${byte}.onnx`
})

/** A library whose models a test changes, with or without a word of it; and so many cameras that run, without a model at first. */
const running = (count: number) =>
  Effect.gen(function* () {
    const library = yield* ModelLibrary
    const told = yield* SubscriptionRef.make(0)
    const here: { model?: InstalledModel } = {}
    const layerLibrary = Layer.succeed(ModelLibrary, {
      ...library,
      preferred: () => Effect.sync(() => Option.fromNullable(here.model)),
      changes: Stream.drop(told.changes, 1).pipe(Stream.map(() => undefined))
    })
    const context = yield* Layer.build(Layer.provideMerge(FollowModels.layer, layerLibrary))
    const store = yield* CameraStore
    const input = yield* Schema.decode(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" })
    const cameras = yield* Effect.replicateEffect(
      Effect.gen(function* () {
        const script = scriptedSources()
        const decoders: Array<RecordedDecoder> = []
        const camera = yield* store.create(defaultTenant, input)
        const media = Layer.mergeAll(layerSources(script), layerWorkers(decoders))
        yield* Effect.provide(makeCameraActor(camera, "here", "default:1"), media)
        return { script, decoders }
      }),
      count
    ).pipe(Effect.provide(context))
    const detectors = () =>
      cameras.map(({ decoders }) => decoders.map(({ demands }) => demands.at(-1)?.detectors.map(({ model }) => model.file)))
    const tell = SubscriptionRef.update(told, (times) => times + 1)
    const opened = () => cameras.map(({ script }) => script.opened.length)
    yield* until(() => cameras.every(({ decoders }) => decoders.length === 1))
    return { detectors, here, opened, tell }
  })

const until = (condition: () => boolean) =>
  Effect.yieldNow().pipe(Effect.zipRight(Effect.sync(condition)), Effect.repeat({ until: (holds: boolean) => holds }))

const layer = Layer.mergeAll(
  layerCameraStoreMemory,
  layerEventStoreMemory,
  layerBusMemory,
  layerNoModels,
  CameraActors.layer
).pipe(Layer.provideMerge(Logger.minimumLogLevel(LogLevel.None)))

const all = (count: number, files: ReadonlyArray<string>) => Array.from({ length: count }, () => [files])

describe("the cameras of a node", () => {
  it.scoped("change to another detector at once when they are told, and keep source and decoder", () =>
    Effect.gen(function* () {
      const { detectors, here, opened, tell } = yield* running(40)
      expect(detectors()).toEqual(all(40, []))
      for (const model of [modelOf(1), modelOf(2)]) {
        here.model = model
        yield* tell
        yield* until(
          () =>
            detectors()
              .flat(2)
              .filter((file) => file === model.file).length === 40
        )
        expect(detectors()).toEqual(all(40, [model.file]))
      }
      expect(opened()).toEqual(Array.from({ length: 40 }, () => 1))
    }).pipe(Effect.provide(layer))
  )

  it.scoped("notice a detector that nobody told them of within ten seconds, not all at the same moment", () =>
    Effect.gen(function* () {
      const { detectors, here } = yield* running(40)
      // The first round began without them.
      yield* TestClock.adjust("10 seconds")
      here.model = modelOf(1)
      const counts: Array<number> = []
      for (let half = 0; half < 20; half++) {
        yield* TestClock.adjust("500 millis")
        yield* Effect.yieldNow().pipe(Effect.repeat(Schedule.recurs(200)))
        counts.push(detectors().flat(2).length)
      }
      expect(counts.at(-1)).toBe(40)
      expect(counts.map((count, index) => count - (counts[index - 1] ?? 0))).toEqual(counts.map(() => 2))
    }).pipe(Effect.provide(layer))
  )
})
