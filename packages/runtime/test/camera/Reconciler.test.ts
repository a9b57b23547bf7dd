import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as CameraEntityLive from "@vigil/runtime/camera/CameraEntityLive"
import * as Reconciler from "@vigil/runtime/camera/Reconciler"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as PlacementLive from "@vigil/runtime/placement/PlacementLive"
import { Effect, Layer, Logger, LogLevel, Schedule, Schema } from "effect"
import { layerNoModels, layerNoViews, layerSources, layerWorkers, scriptedSources } from "../material/FakeMedia.js"

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }))

const stores = Layer.mergeAll(layerCameraStoreMemory, layerEventStoreMemory, layerBusMemory, layerNoModels, CameraActors.layer)

/** One node's cameras over scripted sources. */
const node = (script = scriptedSources()) => ({
  script,
  layer: Reconciler.layer.pipe(
    Layer.provide(CameraEntityLive.layer.pipe(Layer.provide(layerNoViews))),
    Layer.provide(PlacementLive.layerAlone),
    Layer.provide(EmbeddedCluster.layer),
    Layer.provide(Layer.merge(layerSources(script), layerWorkers([]))),
    Layer.provideMerge(stores),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )
})

const add = (name: string) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    return yield* store.create(defaultTenant, yield* Schema.decode(NewCamera)({ name, url: `rtsp://192.0.2.7/${name}` }))
  })

describe("Reconciler", () => {
  it.scopedLive("starts, changes and ends actors as the store says, each once", () => {
    const { layer, script } = node()
    return Effect.gen(function* () {
      const store = yield* CameraStore
      const actors = yield* CameraActors
      const cameras = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => `cam-${index}`),
        add
      )
      yield* until(() => actors.size === 20 && script.opened.length === 20)
      const [first, second] = cameras
      if (first === undefined || second === undefined) return yield* Effect.die("no cameras")
      yield* store.update(defaultTenant, first.id, { name: "renamed" })
      yield* until(() => actors.get(first.id)?.status().revision === 2)
      yield* store.remove(defaultTenant, second.id)
      yield* until(() => actors.size === 19)
      expect(script.opened).toHaveLength(20)
      expect(script.opened.filter(({ closed }) => closed)).toHaveLength(1)
      const epochs = [...actors.values()].map((actor) => actor.status().epoch)
      expect(new Set(epochs)).toEqual(new Set([1]))
    }).pipe(Effect.provide(layer))
  })

  it.live("ends every actor with its node", () => {
    const { layer, script } = node()
    return Effect.gen(function* () {
      const body = Effect.gen(function* () {
        yield* add("gate")
        yield* until(() => script.opened.length === 1)
      })
      yield* body.pipe(Effect.provide(layer), Effect.scoped)
      expect(script.opened[0]?.closed).toBe(true)
    })
  })
})
