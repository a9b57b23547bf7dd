import { describe, expect, layer } from "@effect/vitest"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { type NewModelVersion, partSize, type VersionName } from "@vigil/core/ModelVersion"
import { modelLimits, ModelStore } from "@vigil/core/port/ModelStore"
import { Effect, Either, type Layer } from "effect"
import { describedModel, otherTenant } from "../Samples.js"

const anyModel = () => ModelId.make(`model-${crypto.randomUUID()}`)

const version = (name: string, changes: Partial<NewModelVersion> = {}): NewModelVersion => ({
  version: name,
  bytes: partSize + 3,
  sha256: "a".repeat(64),
  hints: { title: "Forklifts", labels: ["forklift"] },
  ...changes
})

const descriptorOf = (id: ModelId, name: VersionName) => describedModel(id, name, { sha256: "a".repeat(64), bytes: partSize + 3 })

const parts = [new Uint8Array(partSize).fill(7), Uint8Array.of(1, 2, 3)] as const

/** A version whose file is here. */
const uploaded = (model: ModelId, name: string, tenant = defaultTenant) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    yield* store.create(tenant, model, version(name))
    yield* store.putPart(tenant, model, name, 1, parts[1])
    return yield* store.putPart(tenant, model, name, 0, parts[0])
  })

const ready = (model: ModelId, name: string, tenant = defaultTenant) =>
  Effect.gen(function* () {
    yield* uploaded(model, name, tenant)
    return yield* (yield* ModelStore).judge(tenant, model, name, Either.right(descriptorOf(model, name)))
  })

/** What every store of models must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const modelStoreConformance = <E>(name: string, stores: Layer.Layer<ModelStore, E>): void => {
  describe(`ModelStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("takes a file in parts, in any order and again, and gives them back", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          const created = yield* store.create(defaultTenant, model, version("1"))
          expect(created).toMatchObject({ model, version: "1", state: "uploading", active: false, received: 0, descriptor: null })
          expect(yield* store.create(defaultTenant, model, version("1"))).toEqual(created)
          expect(yield* store.putPart(defaultTenant, model, "1", 1, parts[1])).toMatchObject({ received: 3 })
          expect(yield* store.putPart(defaultTenant, model, "1", 0, parts[0])).toMatchObject({ received: partSize + 3 })
          expect(yield* store.putPart(defaultTenant, model, "1", 0, parts[0])).toMatchObject({ received: partSize + 3 })
          expect(Buffer.from(yield* store.part(defaultTenant, model, "1", 0)).equals(parts[0])).toBe(true)
          expect([...(yield* store.part(defaultTenant, model, "1", 1))]).toEqual([1, 2, 3])
          expect((yield* store.part(defaultTenant, model, "1", 2)).length).toBe(0)
          expect(yield* store.list(defaultTenant)).toContainEqual(yield* store.get(defaultTenant, model, "1"))
        })
      )

      it.effect("refuses parts that cannot be of the file, and another file under the same name", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          yield* store.create(defaultTenant, model, version("1"))
          for (const [part, bytes] of [
            [0, parts[1]],
            [2, parts[1]],
            [-1, parts[1]],
            [1, parts[0]]
          ] as const) {
            expect(yield* Effect.flip(store.putPart(defaultTenant, model, "1", part, bytes))).toMatchObject({ reason: "part" })
          }
          for (const changes of [{ sha256: "b".repeat(64) }, { bytes: 4 }, { hints: {} }]) {
            const error = yield* Effect.flip(store.create(defaultTenant, model, version("1", changes)))
            expect(error).toMatchObject({ reason: "exists" })
          }
        })
      )

      it.effect("keeps what was refused in quarantine until its file comes anew", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          yield* store.create(defaultTenant, model, version("1"))
          const refusal = { reason: "run", detail: "it hangs" } as const
          const early = yield* Effect.flip(store.judge(defaultTenant, model, "1", Either.left(refusal)))
          expect(early).toMatchObject({ reason: "state" })
          yield* uploaded(model, "1")
          const judged = yield* store.judge(defaultTenant, model, "1", Either.left(refusal))
          expect(judged).toMatchObject({ state: "quarantined", refusal, active: false })
          const activation = yield* Effect.flip(store.activate(defaultTenant, model, "1"))
          expect(activation).toMatchObject({ reason: "state", detail: expect.stringContaining("it hangs") })
          expect(yield* store.putPart(defaultTenant, model, "1", 0, parts[0])).toMatchObject({
            state: "uploading",
            refusal: null
          })
        })
      )

      it.effect("has one version of a model active, which cannot be removed", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          expect(yield* Effect.flip(store.deactivate(defaultTenant, model))).toMatchObject({ _tag: "ModelVersionNotFound" })
          yield* ready(model, "1")
          yield* ready(model, "2")
          const ofModel = Effect.map(store.active, (all) => all.filter(({ descriptor }) => descriptor.id === model))
          expect(yield* ofModel).toEqual([])
          yield* store.activate(defaultTenant, model, "1")
          yield* store.activate(defaultTenant, model, "2")
          expect(yield* ofModel).toEqual([{ tenantId: defaultTenant, descriptor: descriptorOf(model, "2") }])
          expect(yield* Effect.flip(store.remove(defaultTenant, model, "2"))).toMatchObject({ reason: "in-use" })
          expect(yield* Effect.flip(store.putPart(defaultTenant, model, "2", 1, parts[1]))).toMatchObject({ reason: "state" })
          yield* store.deactivate(defaultTenant, model)
          expect(yield* ofModel).toEqual([])
          yield* store.remove(defaultTenant, model, "2")
          expect((yield* store.part(defaultTenant, model, "2", 0)).length).toBe(0)
          const error = yield* Effect.flip(store.get(defaultTenant, model, "2"))
          expect(error).toMatchObject({ _tag: "ModelVersionNotFound", model, version: "2" })
        })
      )

      it.effect("shows a tenant nothing of another one, who may have a model of the same name", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          yield* ready(model, "1")
          const absent = { _tag: "ModelVersionNotFound" }
          expect(yield* Effect.flip(store.get(otherTenant, model, "1"))).toMatchObject(absent)
          expect(yield* Effect.flip(store.putPart(otherTenant, model, "1", 0, parts[0]))).toMatchObject(absent)
          expect(yield* Effect.flip(store.activate(otherTenant, model, "1"))).toMatchObject(absent)
          expect(yield* Effect.flip(store.remove(otherTenant, model, "1"))).toMatchObject(absent)
          expect((yield* store.part(otherTenant, model, "1", 0)).length).toBe(0)
          expect((yield* store.list(otherTenant)).filter((one) => one.model === model)).toEqual([])
          yield* ready(model, "1", otherTenant)
          yield* store.activate(otherTenant, model, "1")
          expect(yield* store.get(defaultTenant, model, "1")).toMatchObject({ active: false })
        })
      )

      it.effect("bounds what a tenant may keep", () =>
        Effect.gen(function* () {
          const store = yield* ModelStore
          const model = anyModel()
          const large = { bytes: 500_000_000 }
          const results = yield* Effect.forEach(Array.from({ length: modelLimits.bytes / large.bytes }), (_, at) =>
            Effect.either(store.create(otherTenant, model, version(`${at}`, large)))
          )
          expect(results.filter(Either.isLeft).map(({ left }) => left)).toMatchObject([{ reason: "too-many" }])
        })
      )
    })
  })
}
