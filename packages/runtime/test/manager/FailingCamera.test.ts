import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultSupervisionPolicy } from "@vigil/core/CameraSupervision"
import { defaultTenant } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import { Bus } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { SourceError } from "@vigil/core/Source"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as CameraManagerLive from "@vigil/runtime/manager/CameraManagerLive"
import { now } from "@vigil/runtime/MonotonicClock"
import { Effect, Layer, Logger, LogLevel, Schedule, Schema, Stream } from "effect"
import { picture } from "../material/AccessUnits.js"
import { layerNoModels, layerSources, layerWorkers, scriptedSources } from "../material/FakeMedia.js"

const quick = {
  lookEvery: 20,
  beatEvery: 500,
  policy: { alertAfter: 3, healthyAfter: 500, pause: { ...defaultSupervisionPolicy.pause, base: 80, floor: 40, cap: 300 } }
}

const manager = CameraManagerLive.layerWith(quick).pipe(
  Layer.provide(EmbeddedCluster.layer),
  Layer.provideMerge(Layer.mergeAll(layerStoresMemory, layerBusMemory, layerNoModels, CameraActors.layer)),
  Layer.provide(Logger.minimumLogLevel(LogLevel.None))
)

const refused = new SourceError({ reason: "unreachable", url: "rtsp://192.0.2.7/live", detail: "no route" })

const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  condition.pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("60 seconds")
  )

describe("CameraManager with a camera's own actor", () => {
  it.scopedLive(
    "a camera that always fails is restarted, alerts once, is left to its actor, and is well again when it comes back",
    () =>
      Effect.gen(function* () {
        const script = scriptedSources()
        // More than the test can use up: it empties the list when the camera is to come back.
        script.refuse.push(...Array.from({ length: 10_000 }, () => refused))
        const store = yield* CameraStore
        const table = yield* RuntimeTable
        const bus = yield* Bus
        const errors: Array<readonly [number, boolean]> = []
        const told = yield* bus.follow({ from: "now", types: ["worker.error"] })
        yield* Stream.runForEach(told, ({ message }) =>
          Effect.sync(() => message.type === "worker.error" && errors.push([message.errorCount, message.alert]))
        ).pipe(Effect.forkScoped)
        const camera = yield* store.create(
          defaultTenant,
          yield* Schema.decode(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" })
        )
        const media = Layer.merge(layerSources(script), layerWorkers([]))
        const actor = yield* Effect.provide(makeCameraActor(camera, "here", "default:1"), media)
        const row = Effect.map(table.list(defaultTenant), ({ rows }) => rows[0])

        yield* until(Effect.map(row, (found) => found?.alert === true))
        expect(yield* row).toMatchObject({
          workerStatus: "error",
          healthStatus: "unhealthy",
          errorCount: 3,
          lastError: "unreachable: no route"
        })
        expect(actor.status().worker).toMatchObject({ alert: true, errorCount: 3, health: "unhealthy" })
        yield* until(Effect.sync(() => errors.length === 3))
        expect(errors).toEqual([
          [1, false],
          [2, false],
          [3, true]
        ])

        script.refuse.length = 0
        // The actor itself goes on trying: nobody restarts it.
        yield* until(Effect.sync(() => script.opened.length === 1))
        const playing = setInterval(() => script.opened[0]?.send(picture(0, { received: now() })), 100)
        yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(playing)))
        yield* until(Effect.map(row, (found) => found?.healthStatus === "healthy"))
        expect(yield* row).toMatchObject({ workerStatus: "running", errorCount: 0, lastError: null, alert: false })
        yield* until(Effect.sync(() => errors.length === 4))
        expect(errors.at(-1)).toEqual([0, false])
        expect(script.opened).toHaveLength(1)
      }).pipe(Effect.provide(manager)),
    120_000
  )
})
