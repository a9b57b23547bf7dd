import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { Principal } from "@vigil/core/contract/Principal"
import type { Grants } from "@vigil/core/Grants"
import { defaultTenant, PlaceId } from "@vigil/core/Ids"
import { unlimitedLicence } from "@vigil/core/Licence"
import type { PlaceKind } from "@vigil/core/Place"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { GrantStore } from "@vigil/core/port/GrantStore"
import { Licences } from "@vigil/core/port/Licences"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { UserStore } from "@vigil/core/port/UserStore"
import type { Role, User } from "@vigil/core/User"
import { CameraQuery } from "@vigil/core/CameraQuery"
import { EventQuery } from "@vigil/core/Event"
import { Effect, Option, Redacted, Schema } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { entry, newCamera, otherTenant, secondTenant } from "../Samples.js"

const word = () => crypto.randomUUID().slice(0, 8)

const anybody = (role: Role = "supervisor") =>
  Effect.flatMap(UserStore, (users) =>
    users.create(defaultTenant, { username: crypto.randomUUID(), role, passwordHash: Redacted.make("x") })
  )

/** Serves a call of the user. */
const as =
  (user: User) =>
  <A, E, R>(call: Effect.Effect<A, E, R>) =>
    Effect.provideService(call, Principal, { user, address: "192.0.2.1" })

const grant = (user: User, grants: Partial<Grants>) =>
  Effect.flatMap(GrantStore, (store) => store.set(defaultTenant, user.id, { places: [], groups: [], ...grants }))

const place = (kind: PlaceKind, parentId: PlaceId | null) =>
  Effect.flatMap(PlaceStore, (places) => places.create(defaultTenant, { kind, name: word(), parentId }))

/** Tables of cameras that are the program's own business, or an administrator's, who is not limited. */
const unshown = new Set([
  "camera_epochs",
  "edge_cursors",
  "outbox",
  "placement_overrides",
  "placement_refusals",
  "publish_tokens",
  "user_grants",
  "worker_tokens"
])

/** Two sites with a building each, a camera in every place, one in a group, and one in neither; one event of each. */
const grounds = Effect.gen(function* () {
  const cameras = yield* CameraStore
  const events = yield* EventStore
  const north = yield* place("site", null)
  const hall = yield* place("building", north.id)
  const south = yield* place("site", null)
  const shed = yield* place("building", south.id)
  const group = word()
  const add = (overrides: Parameters<typeof newCamera>[0]) =>
    Effect.gen(function* () {
      const camera = yield* cameras.create(defaultTenant, newCamera({ name: word(), ...overrides }))
      const happened = entry(camera.id, 1)
      yield* events.append(camera.id, [happened])
      return { ...camera, event: happened.event.eventId }
    })
  return {
    places: { north, hall, south, shed },
    group,
    inNorth: yield* add({ placeId: north.id }),
    inHall: yield* add({ placeId: hall.id }),
    inShed: yield* add({ placeId: shed.id, groups: [group, "others"] }),
    nowhere: yield* add({})
  }
})

const query = Schema.decodeSync(CameraQuery)({ limit: 500 })
const eventQuery = Schema.decodeSync(EventQuery)({ limit: 500 })

describe("grants", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect("limit what is read to places, with all below, and to groups", () =>
      Effect.gen(function* () {
        const { group, inHall, inNorth, inShed, nowhere, places } = yield* grounds
        const all = [inNorth, inHall, inShed, nowhere]
        const cameras = yield* CameraStore
        const events = yield* EventStore
        const user = yield* anybody("viewer")

        const seen = Effect.gen(function* () {
          const listed = new Set((yield* cameras.list(defaultTenant)).map(({ id }) => id))
          const paged = new Set((yield* cameras.page(defaultTenant, query)).cameras.map(({ id }) => id))
          const told = new Set((yield* events.query(defaultTenant, eventQuery)).events.map(({ event }) => event.cameraId))
          const found = yield* Effect.filter(all, ({ id }) => Effect.isSuccess(cameras.get(defaultTenant, id)))
          const of = yield* Effect.filter(all, ({ event }) => Effect.isSuccess(events.get(defaultTenant, event)))
          const names = all.filter(({ id }) => listed.has(id)).map(({ name }) => name)
          expect(all.filter(({ id }) => paged.has(id)).map(({ name }) => name)).toEqual(names)
          expect(all.filter(({ id }) => told.has(id)).map(({ name }) => name)).toEqual(names)
          expect(found.map(({ name }) => name)).toEqual(names)
          expect(of.map(({ name }) => name)).toEqual(names)
          return names
        }).pipe(as(user))
        const namesOf = (...some: typeof all) => some.map(({ name }) => name)

        expect(yield* seen).toEqual(namesOf(...all))
        yield* grant(user, { places: [places.north.id] })
        expect(yield* seen).toEqual(namesOf(inNorth, inHall))
        yield* grant(user, { places: [places.hall.id] })
        expect(yield* seen).toEqual(namesOf(inHall))
        yield* grant(user, { groups: [group] })
        expect(yield* seen).toEqual(namesOf(inShed))
        yield* grant(user, { places: [places.hall.id], groups: [group] })
        expect(yield* seen).toEqual(namesOf(inHall, inShed))
        yield* cameras.update(defaultTenant, inHall.id, { placeId: null })
        expect(yield* seen).toEqual(namesOf(inShed))
        yield* grant(user, { groups: ["of nobody"] })
        expect(yield* seen).toEqual([])
        yield* grant(user, {})
        expect(yield* seen).toEqual(namesOf(...all))
      })
    )

    it.effect("limit neither administrators, nor whoever works in nobody's name", () =>
      Effect.gen(function* () {
        const { inShed, places } = yield* grounds
        const { get } = yield* CameraStore
        const admin = yield* anybody("admin")
        expect(yield* grant(admin, { places: [places.north.id] })).toMatchObject({ limited: false })
        yield* as(admin)(get(defaultTenant, inShed.id))
        yield* anybody("admin")
        yield* (yield* UserStore).change(defaultTenant, admin.id, { role: "operator" })
        expect(yield* (yield* GrantStore).get(defaultTenant, admin.id)).toMatchObject({ limited: true })
        expect(yield* Effect.flip(as(admin)(get(defaultTenant, inShed.id)))).toMatchObject({ _tag: "CameraNotFound" })
        yield* get(defaultTenant, inShed.id)
      })
    )

    it.effect("limit what is written", () =>
      Effect.gen(function* () {
        const { group, inNorth, inShed, places } = yield* grounds
        const { append, change } = yield* EventStore
        const cameras = yield* CameraStore
        const user = yield* anybody()
        yield* grant(user, { places: [places.north.id], groups: [group] })
        const refusal = <A, E>(call: Effect.Effect<A, E>) =>
          Effect.map(Effect.flip(as(user)(call)), (error) => (error as { readonly _tag: string })._tag)

        expect(yield* refusal(cameras.create(defaultTenant, newCamera()))).toBe("OutOfReach")
        expect(yield* refusal(cameras.create(defaultTenant, newCamera({ placeId: places.shed.id })))).toBe("PlaceNotFound")
        expect(yield* refusal(cameras.createMany(defaultTenant, [newCamera({ groups: [group] }), newCamera()]))).toBe(
          "OutOfReach"
        )
        expect(yield* refusal(cameras.update(defaultTenant, inNorth.id, { placeId: null }))).toBe("OutOfReach")
        expect(yield* refusal(cameras.update(defaultTenant, inShed.id, { groups: ["others"] }))).toBe("OutOfReach")
        const added = yield* as(user)(cameras.create(defaultTenant, newCamera({ placeId: places.hall.id })))
        yield* as(user)(cameras.create(defaultTenant, newCamera({ groups: [group] })))
        yield* as(user)(cameras.update(defaultTenant, added.id, { placeId: places.north.id, name: "Yard" }))
        yield* as(user)(cameras.remove(defaultTenant, added.id))

        yield* grant(user, { places: [places.north.id] })
        expect(yield* refusal(cameras.remove(defaultTenant, inShed.id))).toBe("CameraNotFound")
        expect(yield* refusal(cameras.update(defaultTenant, inShed.id, { name: "Mine" }))).toBe("CameraNotFound")
        expect(yield* refusal(change(defaultTenant, inShed.event, { status: "RESOLVED" }))).toBe("EventNotFound")
        yield* as(user)(change(defaultTenant, inNorth.event, { status: "RESOLVED" }))
        expect(yield* refusal(append(inShed.id, [entry(inShed.id, 2)]))).toBe("StoreUnavailable")
        const beat = { status: "running" as const, healthInfo: {} }
        const { heartbeat, list } = yield* RuntimeTable
        expect(yield* refusal(heartbeat(defaultTenant, inShed.id, beat))).toBe("CameraNotFound")
        yield* heartbeat(defaultTenant, inShed.id, beat)
        yield* as(user)(heartbeat(defaultTenant, inNorth.id, beat))
        expect((yield* as(user)(list(defaultTenant))).rows.map(({ cameraId }) => cameraId)).toEqual([inNorth.id])
      })
    )

    it.effect("show places within them only, and let change those", () =>
      Effect.gen(function* () {
        const { group, places } = yield* grounds
        const { create, get, list, remove, update } = yield* PlaceStore
        const user = yield* anybody()
        yield* grant(user, { places: [places.hall.id], groups: [group] })
        expect((yield* as(user)(list(defaultTenant))).map(({ id }) => id)).toEqual([places.hall.id])
        expect(yield* Effect.flip(as(user)(get(defaultTenant, places.north.id)))).toMatchObject({ _tag: "PlaceNotFound" })
        const site = create(defaultTenant, { kind: "site", name: "Mine", parentId: null })
        expect(yield* Effect.flip(as(user)(site))).toMatchObject({ _tag: "OutOfReach", what: "place" })
        const elsewhere = create(defaultTenant, { kind: "building", name: "Mine", parentId: places.south.id })
        expect(yield* Effect.flip(as(user)(elsewhere))).toMatchObject({ _tag: "PlaceNotFound" })
        const floor = yield* as(user)(create(defaultTenant, { kind: "floor", name: "Ground", parentId: places.hall.id }))
        const zone = yield* as(user)(create(defaultTenant, { kind: "zone", name: "Door", parentId: floor.id }))
        expect(
          yield* Effect.flip(as(user)(create(defaultTenant, { kind: "floor", name: "Ground", parentId: places.hall.id })))
        ).toMatchObject({ reason: "name-taken" })
        expect((yield* as(user)(list(defaultTenant))).map(({ id }) => id)).toEqual(
          expect.arrayContaining([places.hall.id, floor.id, zone.id])
        )

        const sibling = yield* place("building", places.north.id)
        expect(yield* Effect.flip(as(user)(update(defaultTenant, places.hall.id, { name: sibling.name })))).toMatchObject({
          reason: "name-taken"
        })
        yield* as(user)(update(defaultTenant, places.hall.id, { name: "Great hall" }))
        expect(yield* Effect.flip(as(user)(update(defaultTenant, places.hall.id, { parentId: places.south.id })))).toMatchObject({
          _tag: "PlaceNotFound"
        })
        yield* as(user)(remove(defaultTenant, zone.id))
        yield* as(user)(remove(defaultTenant, floor.id))
      })
    )

    it.effect("keep their places: nobody is limited by less than was granted", () =>
      Effect.gen(function* () {
        const { remove } = yield* PlaceStore
        const site = yield* place("site", null)
        const user = yield* anybody()
        yield* grant(user, { places: [site.id] })
        expect(yield* Effect.flip(remove(defaultTenant, site.id))).toMatchObject({
          reason: "in-use",
          detail: expect.stringContaining("1 users are limited")
        })
        yield* (yield* UserStore).remove(defaultTenant, user.id)
        yield* remove(defaultTenant, site.id)
      })
    )

    it.effect("are audited, are of users and places of the tenant, and are kept once", () =>
      Effect.gen(function* () {
        const { get, reach } = yield* GrantStore
        const { inNorth, inHall, places } = yield* grounds
        const user = yield* anybody()
        const wanted = { places: [places.north.id, places.north.id], groups: ["b", "a", "b"] }
        const kept = yield* grant(user, wanted)
        expect(kept).toEqual({ places: [places.north.id], groups: ["a", "b"], limited: true, revision: 2 })
        expect(yield* get(defaultTenant, user.id)).toEqual(kept)
        expect(Option.getOrThrow(yield* reach(defaultTenant, user.id))).toEqual(new Set([inNorth.id, inHall.id]))
        const { entries } = yield* (yield* AuditStore).query(defaultTenant, { subjectId: user.id, limit: 1 })
        expect(entries[0]).toMatchObject({
          action: "user.grants",
          before: { places: [], groups: [] },
          after: { places: [places.north.id], groups: ["a", "b"] }
        })
        const strange = PlaceId.make(crypto.randomUUID())
        expect(yield* Effect.flip(grant(user, { places: [strange] }))).toMatchObject({ _tag: "PlaceNotFound", placeId: strange })
        expect(yield* get(defaultTenant, user.id)).toEqual(kept)
        const nobody = { ...user, id: (yield* anybody()).id }
        yield* (yield* UserStore).remove(defaultTenant, nobody.id)
        expect(yield* Effect.flip(grant(nobody, {}))).toMatchObject({ _tag: "UserNotFound" })
        expect(yield* reach(defaultTenant, nobody.id)).toEqual(Option.none())
      })
    )

    it.effect("are no way around a licence, and change nothing of what is remembered for others", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const users = yield* UserStore
        const { create, update } = yield* CameraStore
        const user = yield* users.create(otherTenant, { username: word(), role: "supervisor", passwordHash: Redacted.make("x") })
        const site = yield* (yield* PlaceStore).create(otherTenant, { kind: "site", name: word(), parentId: null })
        yield* (yield* GrantStore).set(otherTenant, user.id, { places: [], groups: ["mine"] })
        yield* create(otherTenant, newCamera({ placeId: site.id }))
        yield* (yield* Licences).change(otherTenant, { ...unlimitedLicence, cameras: 2 })
        const mine = newCamera({ groups: ["mine"] })
        yield* as(user)(create(otherTenant, mine))
        expect(yield* Effect.flip(as(user)(create(otherTenant, mine)))).toMatchObject({ _tag: "LicenceRefused" })
        const idle = yield* as(user)(create(otherTenant, { ...mine, enabled: false }))
        expect(yield* Effect.flip(as(user)(update(otherTenant, idle.id, { enabled: true })))).toMatchObject({
          _tag: "LicenceRefused"
        })
        const { siteOf } = yield* as(user)((yield* SettingStore).ofTenant(otherTenant))
        expect(siteOf.get(site.id)).toBe(site.id)
      })
    )

    it.effect("hold for every table that tells of cameras, but for those that people are not shown", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const tables = yield* database.system(
          "list tables",
          (sql) => sql<{ readonly name: string; readonly limited: boolean }>`
            select c.relname as name, exists (
              select from pg_policy where polrelid = c.oid and polname = 'within_reach' and not polpermissive) as limited
            from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and a.attname in ('camera_id', 'place_id') and not a.attisdropped`
        )
        expect(tables.filter(({ limited }) => limited).map(({ name }) => name)).toEqual(
          expect.arrayContaining(["cameras", "camera_runtime", "events"])
        )
        const open = tables.filter(({ limited, name }) => !limited && !unshown.has(name)).map(({ name }) => name)
        expect(open, "a table that tells of cameras needs the policy within_reach (0019Grants), or to be listed here").toEqual([])
      })
    )

    it.effect("leave nothing of a user on a pooled connection", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const user = yield* anybody()
        const who = (sql: import("@effect/sql/SqlClient").SqlClient) =>
          sql<{ readonly id: string }>`select current_setting('vigil.user', true) as id`
        const own = yield* as(user)(Effect.replicateEffect(database.tenant("who", defaultTenant, who), 20, { concurrency: 10 }))
        for (const [row] of own) expect(row).toEqual({ id: user.id })
        const nobodys = yield* Effect.replicateEffect(database.tenant("who", defaultTenant, who), 20, { concurrency: 10 })
        for (const [row] of nobodys) expect(row).toEqual({ id: "" })
      })
    )
  })
})
