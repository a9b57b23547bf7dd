import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import type { Overlay } from "@vigil/core/Overlay"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { notOnnx } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import * as Vigil from "@vigil/runtime/Vigil"
import { Console, Effect, Either, Layer, Logger, LogLevel, Schedule, Schema, Stream } from "effect"
import { describeTiny, temporaryFolder } from "../material/Models.js"

const size = { width: 320, height: 192 }
const model = ModelId.make("forklifts")

/** Finds one thing of a class, the same one in every frame. */
const finding = (label: number) =>
  fixedYolox({ size, classes: 2, detections: [{ label, confidence: 0.9, box: { x: 60, y: 60, width: 60, height: 80 } }] })

/** The version is active, whether or not it can be run: nobody looked at it here. */
const activate = (version: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const sha256 = createHash("sha256").update(bytes).digest("hex")
    yield* store.create(defaultTenant, model, { version, bytes: bytes.length, sha256, hints: {} })
    yield* store.putPart(defaultTenant, model, version, 0, bytes)
    yield* store.judge(defaultTenant, model, version, Either.right(describeTiny(bytes, size, { id: model, version })))
    yield* store.activate(defaultTenant, model, version)
  })

const until = (what: string, condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.filterOrFail(
      (holds) => holds,
      () => new Error(`not in time: ${what}`)
    ),
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 1800 })
  )

/** What is seen in an overlay. */
const labelsOf = (overlay: Overlay | undefined) => overlay?.tracks.map(({ label }) => label) ?? []

describe("a version of a model that takes another one's place", () => {
  it.scopedLive(
    "does so in running cameras, which neither connect anew nor pause; one that cannot be run leaves the other at work",
    () =>
      Effect.gen(function* () {
        const { cameras, urls } = yield* Effect.flatMap(sceneFile(yard), ({ video }) =>
          startCameras({ files: [video], count: 2 })
        )
        const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
          Effect.promise(() => made[Symbol.asyncDispose]())
        )
        yield* Effect.gen(function* () {
          yield* activate("1", finding(0))
          const store = yield* CameraStore
          const control = yield* CameraControl
          const added = yield* Effect.forEach(urls, (url, n) =>
            Effect.flatMap(
              Schema.decode(NewCamera)({
                name: `Camera ${n}`,
                url,
                analytics: [],
                detection: { model, framesPerSecond: 10, gate: "always" }
              }),
              (camera) => store.create(defaultTenant, camera)
            )
          )
          const statuses = Effect.forEach(added, ({ id }) => control.status(id))
          yield* Effect.retry(
            Effect.filterOrFail(
              statuses,
              (all) => all.every(({ pipeline }) => pipeline.inferences > 0),
              () => new Error("not all cameras look")
            ),
            { schedule: Schedule.spaced("100 millis"), times: 300 }
          )
          const seen = yield* Effect.forEach(added, ({ id }) =>
            Effect.gen(function* () {
              const overlays: Array<Overlay> = []
              yield* Effect.forkScoped(
                Stream.runForEach(control.overlays(id), (overlay) => Effect.sync(() => overlays.push(overlay)))
              )
              return overlays
            })
          )
          const all = (label: string) => () => seen.every((overlays) => labelsOf(overlays.at(-1)).join() === label)
          yield* until("the first version's people", all("person"))
          const before = yield* statuses
          const marks = seen.map(({ length }) => length)

          yield* activate("2", finding(1))
          yield* until("the second version's cars", all("car"))
          const gaps = seen.map((overlays, n) => {
            const times = overlays.slice((marks[n] ?? 1) - 1).map(({ mediaTime }) => mediaTime)
            return Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? time))) / 1000
          })
          yield* Console.log(`longest time between two looks while the model was exchanged: ${gaps.join(" and ")} ms`)

          yield* activate("3", notOnnx)
          const marked = (yield* statuses).map(({ pipeline }) => pipeline.inferences)
          yield* Effect.retry(
            Effect.filterOrFail(
              statuses,
              (now) => now.every(({ pipeline }, n) => pipeline.inferences > (marked[n] ?? 0) + 30),
              () => new Error("they do not look any more")
            ),
            { schedule: Schedule.spaced("100 millis"), times: 300 }
          )
          expect(seen.map((overlays) => labelsOf(overlays.at(-1)).join())).toEqual(["car", "car"])

          yield* activate("4", finding(0))
          yield* until("the fourth version's people", all("person"))
          const after = yield* statuses
          const identity = (found: typeof before) =>
            found.map(({ epoch, revision, state }) => [epoch, revision, "since" in state ? state.since : 0])
          expect(identity(after)).toEqual(identity(before))
          expect(cameras.map((camera) => camera.statistics().sessions)).toEqual([1, 1])
        }).pipe(
          Effect.scoped,
          Effect.provide(Vigil.layerMemory({ models: folder.path }).pipe(Layer.provideMerge(layerModelStoreMemory))),
          Logger.withMinimumLogLevel(LogLevel.Error)
        )
      }),
    120_000
  )
})
