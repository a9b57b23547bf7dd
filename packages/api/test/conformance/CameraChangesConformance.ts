import { describe, expect, layer } from "@effect/vitest"
import { defaultTenant, PlaceId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, Either, type Layer, Option, Redacted } from "effect"
import { newCamera, otherTenant } from "../Samples.js"

/** What every store of cameras must do with many changes; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const cameraChangesConformance = <E>(name: string, stores: Layer.Layer<CameraStore, E>): void => {
  describe(`CameraStore, many changes: ${name}`, () => {
    layer(stores, { timeout: 30_000, excludeTestServices: true })((it) => {
      it.effect("makes each by itself", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const cameras = yield* store.createMany(
            defaultTenant,
            Array.from({ length: 250 }, (_, i) => newCamera({ name: `One of many ${i}`, url: `rtsp://u:p${i}@192.0.2.7/${i}` }))
          )
          const [first, second, last] = [cameras[0], cameras[1], cameras[249]]
          if (first === undefined || second === undefined || last === undefined) return expect.fail("nothing was added")
          const theirs = yield* store.create(otherTenant, newCamera())
          const placeId = PlaceId.make(crypto.randomUUID())
          yield* store.update(defaultTenant, second.id, { name: "Changed meanwhile" })
          const done = yield* store.updateMany(defaultTenant, [
            { id: theirs.id, patch: { tags: ["t"] } },
            { id: first.id, patch: { placeId } },
            ...cameras.slice(1).map(({ id, revision }, i) => ({
              id,
              patch: { name: `Of many ${i}`, tags: ["t"], metadata: { i } },
              expectedRevision: revision
            }))
          ])
          expect(done.size).toBe(251)
          expect(done.get(theirs.id)).toMatchObject({ left: { _tag: "CameraNotFound" } })
          expect(done.get(first.id)).toMatchObject({ left: { _tag: "PlaceNotFound", placeId } })
          expect(done.get(second.id)).toMatchObject({ left: { _tag: "RevisionConflict", expected: 1, actual: 2 } })
          expect([...done.values()].filter(Either.isRight)).toHaveLength(248)
          expect(yield* store.get(defaultTenant, first.id)).toEqual(first)
          const changed = yield* store.get(defaultTenant, last.id)
          expect(done.get(last.id)).toEqual(Either.right(changed))
          expect(changed).toMatchObject({ name: "Of many 248", tags: ["t"], metadata: { i: 248 }, revision: 2, url: last.url })
          const { credentials } = yield* store.secrets(last.id)
          expect(Option.map(credentials, ({ password }) => Redacted.value(password))).toEqual(Option.some("p249"))

          const wanted = [theirs, first, last].map(({ id }) => id)
          expect((yield* store.among(defaultTenant, wanted)).map(({ id }) => id).sort()).toEqual([first.id, last.id].sort())
          const again = yield* store.updateMany(defaultTenant, [{ id: last.id, patch: { tags: ["t"] } }])
          expect(again.get(last.id)).toEqual(Either.right(changed))
          const gone = yield* store.removeMany(defaultTenant, [
            { id: theirs.id },
            ...cameras.map(({ id, revision }) => ({ id, expectedRevision: revision }))
          ])
          expect(gone.get(theirs.id)).toMatchObject({ left: { _tag: "CameraNotFound" } })
          expect(gone.get(last.id)).toMatchObject({ left: { _tag: "RevisionConflict", expected: 1, actual: 2 } })
          expect([...gone.values()].filter(Either.isRight)).toHaveLength(1)
          expect((yield* store.among(defaultTenant, wanted)).map(({ id }) => id)).toEqual([last.id])
          yield* store.removeMany(defaultTenant, cameras)
          expect(yield* store.among(defaultTenant, wanted)).toEqual([])
          expect(yield* store.updateMany(defaultTenant, [])).toEqual(new Map())
          expect((yield* store.get(otherTenant, theirs.id)).revision).toBe(1)
        })
      )
    })
  })
}
