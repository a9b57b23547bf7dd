import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { defaultTenant, type TenantId } from "@vigil/core/Ids"
import { unlimitedLicence } from "@vigil/core/Licence"
import { NodeName } from "@vigil/core/Node"
import { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { TenantStore } from "@vigil/core/port/TenantStore"
import { UserStore } from "@vigil/core/port/UserStore"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { DateTime, Effect, Fiber, Option, Redacted, Stream } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { entry, newCamera } from "../Samples.js"

const hashOf = (text: string) => new TextEncoder().encode(text)

const create = (name: string, username = `admin-of-${name}`) =>
  Effect.flatMap(TenantStore, (store) =>
    store.create({ name, licence: unlimitedLicence, administrator: { username, passwordHash: Redacted.make("x") } })
  )

/** Things of all kinds, of which the ids are answered. */
const furnish = (tenant: TenantId) =>
  Effect.gen(function* () {
    const cameras = yield* CameraStore
    const places = yield* PlaceStore
    const site = yield* places.create(tenant, { kind: "site", name: "North", parentId: null })
    yield* places.create(tenant, { kind: "building", name: "Hall", parentId: site.id })
    const edge = yield* (yield* EdgeStore).create(tenant, { name: NodeName.make("north") }, hashOf(`edge ${tenant}`))
    const camera = yield* cameras.create(tenant, newCamera({ placeId: site.id }))
    yield* cameras.createMany(
      tenant,
      Array.from({ length: 450 }, () => newCamera())
    )
    yield* cameras.create(tenant, newCamera({ edge: edge.id }))
    const event = entry(camera.id, 1, { customerId: tenant })
    yield* (yield* EventStore).append(camera.id, [event])
    yield* (yield* RuntimeTable).heartbeat(tenant, camera.id, { status: "running", healthInfo: {} })
    yield* (yield* WorkerTokenStore).create(tenant, { name: "worker" }, hashOf(`worker ${tenant}`))
    yield* (yield* PublishTokenStore).set(tenant, camera.id, hashOf(`publisher ${tenant}`))
    const [user] = yield* (yield* UserStore).list(tenant)
    if (user === undefined) throw new Error("the tenant has no user")
    const key = { name: "program", scopes: ["read"] as const, hint: "vgl_abcd", keyHash: hashOf(`key ${tenant}`) }
    yield* (yield* ApiKeyStore).create(tenant, user.id, key)
    const past = { selection: { to: DateTime.unsafeMake("2000-01-01") }, reason: "nobody asked for it to be kept" }
    yield* (yield* ErasureStore).begin(tenant, past)
    return { camera: camera.id, place: site.id, edge: edge.id, event: event.event.eventId, user: user.id }
  })

/** Whether the credentials that {@link furnish} gave are good, and its cameras are to run. */
const served = (tenant: TenantId) =>
  Effect.gen(function* () {
    return {
      edge: Option.isSome(yield* (yield* EdgeStore).find(hashOf(`edge ${tenant}`))),
      worker: Option.isSome(yield* (yield* WorkerTokenStore).find(hashOf(`worker ${tenant}`))),
      publisher: Option.isSome(yield* (yield* PublishTokenStore).find(hashOf(`publisher ${tenant}`))),
      key: Option.isSome(yield* (yield* ApiKeyStore).find(hashOf(`key ${tenant}`))),
      cameras: (yield* (yield* CameraStore).outlines).some(({ tenantId }) => tenantId === tenant)
    }
  })

const all = { edge: true, worker: true, publisher: true, key: true, cameras: true }
const none = { edge: false, worker: false, publisher: false, key: false, cameras: false }

/** Rows of the tenant by table. */
const rowsOf = (tenant: TenantId) =>
  Effect.flatMap(Database, (database) =>
    database.system("count", (sql) =>
      Effect.gen(function* () {
        const tables = yield* sql<{ readonly name: string }>`select c.relname as name from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`
        const found: Record<string, number> = {}
        for (const { name } of tables) {
          const [row] = yield* sql<{
            readonly rows: string
          }>`select count(*) as rows from ${sql(name)} where tenant_id = ${tenant}`
          if (Number(row?.rows) > 0) found[name] = Number(row?.rows)
        }
        return found
      })
    )
  )

describe("tenants", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect("are added with an administrator, both or none, under names of their own", () =>
      Effect.gen(function* () {
        const tenant = yield* create("Acme")
        expect(tenant).toMatchObject({ name: "Acme", users: 1, cameras: 0, suspended: false, licence: "valid" })
        expect(yield* (yield* UserStore).list(tenant.id)).toMatchObject([{ username: "admin-of-Acme", role: "admin" }])
        expect(yield* Effect.flip(create("ACME", "somebody"))).toMatchObject({ _tag: "TenantRefused", reason: "name-taken" })
        expect(yield* Effect.flip(create("Umbrella", "ADMIN-of-acme"))).toMatchObject({ _tag: "UsernameTaken" })
        const store = yield* TenantStore
        expect((yield* store.all).map(({ name }) => name)).toEqual(["Acme", "default"])
        expect((yield* store.own(tenant.id)).map(({ name }) => name)).toEqual(["Acme"])
        expect(yield* store.change(tenant.id, { name: "Acme Ltd" })).toMatchObject({ name: "Acme Ltd" })
        expect(yield* Effect.flip(store.change(tenant.id, { name: "Default" }))).toMatchObject({ reason: "name-taken" })
        for (const trail of [tenant.id, defaultTenant]) {
          const { entries } = yield* (yield* AuditStore).query(trail, { limit: 2 })
          expect(entries).toMatchObject([
            { action: "tenant.update", before: { name: "Acme" }, after: { name: "Acme Ltd" }, subject: { id: tenant.id } },
            { action: "tenant.create", after: { name: "Acme", administrator: "admin-of-Acme" } }
          ])
        }
      })
    )

    it.effect("are the operator's alone: from within one, none is made, changed or removed", () =>
      Effect.gen(function* () {
        const { id } = yield* create("Rebel")
        const other = yield* create("Neighbour")
        const database = yield* Database
        for (const statement of [
          "update tenants set suspended_at = null",
          "update tenants set name = 'Another'",
          "update tenants set removed_at = now(), suspended_at = now()",
          `update tenants set id = '${crypto.randomUUID()}'`,
          "insert into tenants (id, name) values (gen_random_uuid(), 'Mine')",
          "delete from tenants"
        ]) {
          const error = yield* Effect.flip(database.tenant("rebel", id, (sql) => sql.unsafe(statement)))
          expect(error.detail, statement).toMatch(/permission denied for table tenants|for the operator of the installation/)
        }
        const touched = yield* database.tenant(
          "rebel",
          id,
          (sql) => sql`update tenants set audit_sequence = audit_sequence returning id`
        )
        expect(touched).toEqual([{ id }])
        expect((yield* (yield* TenantStore).own(other.id)).map(({ name }) => name)).toEqual(["Neighbour"])
      })
    )

    it.effect("that are suspended are not served, until they are resumed", () =>
      Effect.gen(function* () {
        const store = yield* TenantStore
        const { id } = yield* create("Suspended")
        const other = yield* create("Untouched")
        yield* furnish(id)
        yield* furnish(other.id)
        expect(yield* served(id)).toEqual(all)
        const { changes: ofCameras } = yield* CameraStore
        const { changes: ofEdges } = yield* EdgeStore
        const heard = yield* Effect.fork(Effect.all([Stream.runHead(ofCameras), Stream.runHead(ofEdges)], { concurrency: 2 }))
        yield* Effect.yieldNow()
        expect(yield* store.change(id, { suspended: true })).toMatchObject({ suspended: true })
        yield* Fiber.join(heard).pipe(Effect.timeout("60 seconds"))
        expect(yield* served(id)).toEqual(none)
        expect(yield* served(other.id)).toEqual(all)
        yield* store.change(id, { suspended: true })
        yield* store.change(id, { suspended: false })
        expect(yield* served(id)).toEqual(all)
        const { entries } = yield* (yield* AuditStore).query(id, { limit: 2 })
        expect(entries.map(({ action }) => action)).toEqual(["tenant.resume", "tenant.suspend"])
        expect(yield* Effect.flip(store.change(defaultTenant, { suspended: true }))).toMatchObject({ reason: "own" })
      })
    )

    it.effect("that are removed leave their trail, their name is free, and nobody else is touched", () =>
      Effect.gen(function* () {
        const store = yield* TenantStore
        const { id } = yield* create("Gone")
        const other = yield* create("Stays")
        yield* furnish(id)
        yield* furnish(other.id)
        const before = yield* rowsOf(other.id)
        expect(Object.keys(yield* rowsOf(id))).toEqual(Object.keys(before))
        expect(yield* Effect.flip(store.remove(id))).toMatchObject({ _tag: "TenantRefused", reason: "active" })
        expect(yield* Effect.flip(store.remove(defaultTenant))).toMatchObject({ reason: "own" })
        yield* store.change(id, { suspended: true })
        yield* store.remove(id)
        expect((yield* store.all).map(({ name }) => name)).not.toContain("Gone")
        expect(yield* store.own(id)).toEqual([])
        for (const again of [store.remove(id), store.change(id, { suspended: false })])
          expect(yield* Effect.flip<unknown, unknown, never>(again)).toMatchObject({ _tag: "TenantNotFound" })
        expect(yield* served(id)).toEqual(none)
        yield* create("Gone", "another")

        let steps = 0
        while ((yield* store.purge) > 0) steps += 1
        expect(steps).toBeGreaterThan(2)
        const left = yield* rowsOf(id)
        expect(Object.keys(left).sort()).toEqual(["audit_entries", "camera_epochs", "outbox"])
        expect(yield* (yield* AuditStore).verify(id)).toMatchObject({ broken: null })
        expect((yield* (yield* AuditStore).query(id, { limit: 1 })).entries).toMatchObject([{ action: "tenant.remove" }])
        expect(yield* rowsOf(other.id)).toEqual(before)
        expect(yield* served(other.id)).toEqual(all)
        const database = yield* Database
        const told = yield* database.system(
          "count",
          (sql) => sql`select 1 from outbox where tenant_id = ${id} and message ->> 'type' = 'camera.deleted'`
        )
        expect(told).toHaveLength(452)
        expect(yield* store.purge).toBe(0)
      })
    )

    it.effect("know which ids are another's", () =>
      Effect.gen(function* () {
        const store = yield* TenantStore
        const { id } = yield* create("Owner")
        const ids = yield* furnish(id)
        const unknown = crypto.randomUUID()
        const asked = [...Object.values(ids), id, unknown]
        const found = yield* store.foreign(defaultTenant, asked)
        expect(new Map(found.map((row) => [row.id, row.table]))).toEqual(
          new Map<string, string>([
            [ids.camera, "cameras"],
            [ids.place, "places"],
            [ids.edge, "edges"],
            [ids.event, "events"],
            [ids.user, "users"],
            [id, "tenants"]
          ])
        )
        expect(yield* store.foreign(id, asked)).toEqual([])
      })
    )
  })
})
