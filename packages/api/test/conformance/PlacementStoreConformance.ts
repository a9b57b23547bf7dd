import { describe, expect, layer } from "@effect/vitest"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PlacementStore } from "@vigil/core/port/PlacementStore"
import { Effect, type Layer, Schedule, Stream } from "effect"
import { newCamera } from "../Samples.js"

const [first, second] = [NodeName.make("node-1"), NodeName.make("node-2")]

const addCamera = Effect.flatMap(CameraStore, (store) => Effect.map(store.create(defaultTenant, newCamera()), ({ id }) => id))

/** What every placement store must do; the cameras that it places are those of the camera store. */
export const placementStoreConformance = <E>(name: string, stores: Layer.Layer<PlacementStore | CameraStore, E>): void => {
  describe(`PlacementStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      const overrideOf = (id: CameraId) =>
        Effect.map(
          Effect.flatMap(PlacementStore, ({ overrides }) => overrides),
          (all) => all.find(({ cameraId }) => cameraId === id)
        )
      const refusalsOf = (id: CameraId) =>
        Effect.map(
          Effect.flatMap(PlacementStore, ({ refusals }) => refusals),
          (all) => all.filter(({ cameraId }) => cameraId === id)
        )

      it.effect("places cameras, counts their moves, and withdraws what is still so", () =>
        Effect.gen(function* () {
          const store = yield* PlacementStore
          const [a, b] = [yield* addCamera, yield* addCamera]
          yield* store.place([a, b], first)
          const before = yield* overrideOf(a)
          expect(before).toMatchObject({ node: first, moves: 1 })
          yield* store.place([a], second)
          const after = yield* overrideOf(a)
          expect(after).toMatchObject({ node: second, moves: 2 })
          expect(after?.movedAt.epochMillis).toBeGreaterThanOrEqual(before?.movedAt.epochMillis ?? Number.POSITIVE_INFINITY)
          expect(yield* store.withdraw([a, b], first)).toEqual([b])
          expect(yield* overrideOf(a)).toMatchObject({ node: second })
          expect(yield* overrideOf(b)).toBeUndefined()
          expect(yield* store.withdraw([a], second)).toEqual([a])
          expect(yield* store.withdraw([a], second)).toEqual([])
          yield* store.place([], first)
          expect(yield* store.withdraw([], first)).toEqual([])
        })
      )

      it.effect("knows what each node refuses and since when, until the camera runs", () =>
        Effect.gen(function* () {
          const store = yield* PlacementStore
          const [a, b] = [yield* addCamera, yield* addCamera]
          const refused = (cameraId: CameraId, reason = "the node is full") => ({ cameraId, reason })
          yield* store.refuse(first, [refused(a), refused(b)])
          yield* store.refuse(second, [refused(b)])
          const [since] = yield* refusalsOf(a)
          expect(since).toMatchObject({ node: first, reason: "the node is full" })
          yield* Effect.sleep("5 millis")
          yield* store.refuse(first, [refused(a), refused(b, "the node is draining")])
          expect(yield* refusalsOf(a)).toEqual([since])
          expect(new Map((yield* refusalsOf(b)).map(({ node, reason }) => [node, reason]))).toEqual(
            new Map([
              [first, "the node is draining"],
              [second, "the node is full"]
            ])
          )
          yield* store.accept([b])
          expect(yield* refusalsOf(b)).toEqual([])
          yield* store.refuse(first, [])
          expect(yield* refusalsOf(a)).toEqual([])
          yield* store.accept([])
        })
      )

      it.effect("tells that something changed", () =>
        Effect.gen(function* () {
          const store = yield* PlacementStore
          const camera = yield* addCamera
          let hints = 0
          yield* store.changes.pipe(
            Stream.runForEach(() => Effect.sync(() => hints++)),
            Effect.forkScoped
          )
          const heard = (change: Effect.Effect<unknown, unknown>) =>
            Effect.gen(function* () {
              const before = hints
              // Whoever has just begun to listen may miss the first.
              yield* change.pipe(Effect.repeat({ until: () => hints > before, schedule: Schedule.spaced("50 millis") }))
            }).pipe(Effect.timeout("60 seconds"))
          yield* heard(store.place([camera], first))
          yield* heard(store.refuse(first, [{ cameraId: camera, reason: "the node is full" }]))
          yield* heard(store.accept([camera]))
          yield* heard(store.withdraw([camera], first))
        }).pipe(Effect.scoped)
      )
    })
  })
}
