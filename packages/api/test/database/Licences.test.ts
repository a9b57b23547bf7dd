import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { type CameraId, defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { Licence, unlimitedLicence } from "@vigil/core/Licence"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Licences } from "@vigil/core/port/Licences"
import { DateTime, Effect, Either } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"

const limited = (limits: Partial<typeof Licence.Type>): Licence => Licence.make({ ...unlimitedLicence, ...limits })

const inDays = (days: number) => Effect.map(DateTime.now, (now) => DateTime.add(now, { days }))

const enabledCameras = Effect.flatMap(CameraStore, ({ list }) => list(otherTenant)).pipe(
  Effect.map((cameras) => cameras.filter(({ enabled }) => enabled).length)
)

const removeAll = Effect.gen(function* () {
  const store = yield* CameraStore
  yield* Effect.forEach(yield* store.list(otherTenant), ({ id }) => store.remove(otherTenant, id))
})

const refusal = { _tag: "LicenceRefused", reason: "cameras" }

describe("a licence", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect("is without limits where nobody set any", () =>
      Effect.gen(function* () {
        const licences = yield* Licences
        expect(yield* licences.standing(defaultTenant)).toMatchObject({
          licence: unlimitedLicence,
          status: "valid",
          warning: null
        })
        const gone = TenantId.make(crypto.randomUUID())
        expect(yield* Effect.flip(licences.standing(gone))).toMatchObject({ _tag: "TenantNotFound" })
        expect(yield* Effect.flip(licences.change(gone, unlimitedLicence))).toMatchObject({ _tag: "TenantNotFound" })
        yield* licences.requireModel(defaultTenant, ModelId.make("yolox-nano"))
      })
    )

    it.effect("holds so many enabled cameras, added one by one, many at once or enabled again", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const licences = yield* Licences
        const store = yield* CameraStore
        yield* licences.change(otherTenant, limited({ cameras: 3 }))
        const first = yield* store.create(otherTenant, newCamera())
        yield* store.create(otherTenant, newCamera({ enabled: false }))
        expect(yield* Effect.flip(store.createMany(otherTenant, [newCamera(), newCamera(), newCamera()]))).toMatchObject(refusal)
        expect(yield* enabledCameras).toBe(1)
        yield* store.createMany(otherTenant, [newCamera(), newCamera(), newCamera({ enabled: false })])
        const refused = yield* Effect.flip(store.create(otherTenant, newCamera()))
        expect(refused).toMatchObject(refusal)
        expect(refused.message).toBe(
          "the licence allows 3 enabled cameras, and there would be 4: disable others first, or get a larger one"
        )
        yield* store.create(defaultTenant, newCamera())

        const swap = (id: CameraId, enabled: boolean) => store.update(otherTenant, id, { enabled })
        const off = yield* store.create(otherTenant, newCamera({ enabled: false }))
        expect(yield* Effect.flip(swap(off.id, true))).toMatchObject(refusal)
        yield* store.update(otherTenant, first.id, { name: "Still there", enabled: true })
        yield* swap(first.id, false)
        yield* swap(off.id, true)
        expect(yield* licences.standing(otherTenant)).toMatchObject({ status: "valid", enabledCameras: 3 })

        const three = yield* store.createMany(
          otherTenant,
          [1, 2, 3].map(() => newCamera({ enabled: false }))
        )
        yield* swap(off.id, false)
        const outcomes = yield* store.updateMany(
          otherTenant,
          three.map(({ id }) => ({ id, patch: { enabled: true } }))
        )
        expect([...outcomes.values()].map(Either.isRight)).toEqual([true, false, false])
        expect(outcomes.get(three[2]?.id ?? off.id)).toMatchObject({ left: refusal })
        expect(yield* licences.standing(otherTenant)).toMatchObject({ status: "valid", enabledCameras: 3 })

        // One that was made smaller lets what runs go on, and says so.
        const smaller = yield* licences.change(otherTenant, limited({ cameras: 2 }))
        expect(smaller).toMatchObject({
          status: "exceeded",
          warning: "3 cameras are enabled, and the licence allows 2: disable some"
        })
        expect(yield* enabledCameras).toBe(3)
        yield* removeAll
      })
    )

    it.effect("gives its last place to one of many who want it at once", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const store = yield* CameraStore
        yield* removeAll
        yield* (yield* Licences).change(otherTenant, limited({ cameras: 5 }))
        const tries = yield* Effect.replicateEffect(Effect.either(store.create(otherTenant, newCamera())), 20, {
          concurrency: "unbounded"
        })
        expect(tries.filter(Either.isRight)).toHaveLength(5)
        expect(yield* enabledCameras).toBe(5)
        yield* removeAll
      })
    )

    it.effect("allows nothing before it begins and after it has ended; what runs goes on", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const licences = yield* Licences
        const store = yield* CameraStore
        const model = ModelId.make("yolox-nano")
        const { id } = yield* store.create(otherTenant, newCamera({ enabled: false }))
        const refused = (reason: string) =>
          Effect.gen(function* () {
            for (const use of [
              store.create(otherTenant, newCamera()),
              store.createMany(otherTenant, [newCamera()]),
              store.update(otherTenant, id, { enabled: true }),
              licences.requireModel(otherTenant, model)
            ]) {
              expect(yield* Effect.flip<unknown, unknown, never>(use)).toMatchObject({ _tag: "LicenceRefused", reason })
            }
            expect(yield* licences.standing(otherTenant)).toMatchObject({ status: reason })
          })
        yield* licences.change(otherTenant, limited({ validFrom: yield* inDays(1) }))
        yield* refused("early")
        yield* licences.change(otherTenant, limited({ validFrom: yield* inDays(-1), validUntil: yield* inDays(29) }))
        yield* store.update(otherTenant, id, { enabled: true, name: "Runs" })
        yield* licences.requireModel(otherTenant, model)
        expect(yield* licences.standing(otherTenant)).toMatchObject({ status: "expiring", enabledCameras: 1 })
        yield* store.update(otherTenant, id, { enabled: false })
        yield* licences.change(otherTenant, limited({ validUntil: yield* inDays(-1) }))
        yield* refused("expired")
        expect((yield* store.update(otherTenant, id, { name: "Renamed" })).name).toBe("Renamed")
        yield* removeAll
      })
    )

    it.effect("names the models that may be used", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const licences = yield* Licences
        yield* licences.change(otherTenant, limited({ models: [ModelId.make("yolox-nano")] }))
        yield* licences.requireModel(otherTenant, ModelId.make("yolox-nano"))
        expect((yield* Effect.flip(licences.requireModel(otherTenant, ModelId.make("yunet")))).message).toBe(
          "the licence does not include the model yunet: choose another one, or get a licence with it"
        )
      })
    )

    it.effect("is changed by the installation alone, and both trails tell of it", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const licences = yield* Licences
        const before = limited({ cameras: 7 })
        yield* licences.change(otherTenant, before)
        yield* licences.change(otherTenant, limited({ cameras: 8 }))
        for (const tenant of [defaultTenant, otherTenant]) {
          const { entries } = yield* (yield* AuditStore).query(tenant, { limit: 1 })
          expect(entries[0], tenant).toMatchObject({
            action: "licence.change",
            subject: { type: "tenant", id: otherTenant },
            before: { cameras: 7 },
            after: { cameras: 8 }
          })
        }
        const database = yield* Database
        for (const statement of [
          "update licences set cameras = null",
          "delete from licences",
          `insert into licences (tenant_id) values ('${otherTenant}')`
        ]) {
          const error = yield* Effect.flip(database.tenant("cheat", otherTenant, (sql) => sql.unsafe(statement)))
          expect(error.detail).toContain("permission denied")
        }
        expect(yield* database.tenant("read", defaultTenant, (sql) => sql`select * from licences`)).toEqual([])
      })
    )
  })
})
