import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { Effect, Schema } from "effect"
import { otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { layerTestServer, TestServer } from "./TestServer.js"
import { CameraId } from "@vigil/core/Ids"

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))
const namesOf = (json: unknown) =>
  Schema.decodeUnknownSync(Schema.Struct({ cameras: Schema.Array(Schema.Struct({ name: Schema.String })) }))(json).cameras.map(
    ({ name }) => name
  )

const asSupervisor = Effect.map(TestServer, ({ cookies: { supervisor: cookie }, visit }) => {
  const ask = (method: string, path: string, body?: unknown) => visit({ method, path: `/api/v1${path}`, body, cookie })
  return {
    ask,
    make: (path: string, body: unknown) =>
      Effect.map(ask("POST", path, body), (answer) => {
        expect(answer.status, answer.text).toBe(201)
        return idOf(answer.json).id
      })
  }
})

describe("places", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are a tree of four levels", () =>
      Effect.gen(function* () {
        const { ask, make } = yield* asSupervisor
        const site = yield* make("/places", { kind: "site", name: "North" })
        const hall = yield* make("/places", { kind: "building", name: "Hall", parentId: site })
        const floor = yield* make("/places", { kind: "floor", name: "Ground", parentId: hall })
        yield* make("/places", { kind: "zone", name: "Gate", parentId: floor })
        for (const [body, type] of [
          [{ kind: "zone", name: "Lost", parentId: hall }, "wrong-parent"],
          [{ kind: "building", name: "Lost" }, "wrong-parent"],
          [{ kind: "site", name: "Lost", parentId: site }, "wrong-parent"],
          [{ kind: "site", name: "North" }, "name-taken"],
          [{ kind: "building", name: "Hall", parentId: site }, "name-taken"]
        ] as const) {
          expect(yield* ask("POST", "/places", body), type).toMatchObject({
            status: 409,
            json: { type: `urn:vigil:problem:place-${type}` }
          })
        }
        const other = yield* make("/places", { kind: "site", name: "South" })
        expect((yield* ask("PATCH", `/places/${hall}`, { parentId: other, name: "Hall 2" })).json).toMatchObject({
          parentId: other,
          name: "Hall 2"
        })
        expect((yield* ask("PATCH", `/places/${hall}`, { parentId: floor })).status).toBe(409)
        expect((yield* ask("PATCH", `/places/${other}`, { name: "North" })).status).toBe(409)
        expect((yield* ask("PATCH", `/places/${hall}`, { parentId: crypto.randomUUID() })).status).toBe(404)
      })
    )

    it.effect("hold cameras, and are removed when they hold nothing", () =>
      Effect.gen(function* () {
        const { ask, make } = yield* asSupervisor
        const site = yield* make("/places", { kind: "site", name: "West" })
        const hall = yield* make("/places", { kind: "building", name: "Hall", parentId: site })
        const inHall = yield* make("/cameras", { name: "In the hall", url: "rtsp://192.0.2.7/1", placeId: hall, tags: ["a"] })
        const atSite = yield* make("/cameras", { name: "At the site", url: "rtsp://192.0.2.7/2", placeId: site })
        yield* make("/cameras", { name: "Somewhere", url: "rtsp://192.0.2.7/3" })
        expect(namesOf((yield* ask("GET", `/cameras?placeId=${site}`)).json)).toEqual(["At the site", "In the hall"])
        expect(namesOf((yield* ask("GET", `/cameras?placeId=${hall}&tag=a`)).json)).toEqual(["In the hall"])
        expect(namesOf((yield* ask("GET", "/cameras?placed=true&scheme=rtsp")).json)).toEqual(["At the site", "In the hall"])
        expect((yield* ask("GET", "/cameras?placed=true&limit=1&count=true")).json).toMatchObject({ total: 2 })
        const inUse = { status: 409, json: { type: "urn:vigil:problem:place-in-use" } }
        expect(yield* ask("DELETE", `/places/${hall}`)).toMatchObject(inUse)
        expect((yield* ask("PATCH", `/cameras/${inHall}`, { placeId: null })).json).toMatchObject({ placeId: null, tags: ["a"] })
        expect((yield* ask("DELETE", `/places/${hall}`)).status).toBe(204)
        expect(yield* ask("DELETE", `/places/${site}`)).toMatchObject(inUse)
        expect((yield* ask("DELETE", `/cameras/${atSite}`)).status).toBe(204)
        expect((yield* ask("DELETE", `/places/${site}`)).status).toBe(204)
        expect((yield* ask("GET", `/places/${site}`)).status).toBe(404)
      })
    )

    it.effect("are seen by everybody of the tenant, changed by supervisors, and nobody else's", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { ask } = yield* asSupervisor
        yield* secondTenant
        const theirs = yield* (yield* PlaceStore).create(otherTenant, { kind: "site", name: "Theirs", parentId: null })
        expect((yield* ask("GET", "/places")).text).not.toContain("Theirs")
        for (const method of ["GET", "DELETE"]) expect((yield* ask(method, `/places/${theirs.id}`)).status).toBe(404)
        expect((yield* ask("PATCH", `/places/${theirs.id}`, { name: "Ours" })).status).toBe(404)
        expect((yield* ask("POST", "/places", { kind: "building", name: "Ours", parentId: theirs.id })).status).toBe(404)
        expect((yield* ask("POST", "/cameras", { name: "Ours", url: "rtsp://192.0.2.7/1", placeId: theirs.id })).status).toBe(404)
        const body = { kind: "site", name: "Mine" }
        expect((yield* visit({ path: "/api/v1/places", cookie: cookies.viewer })).status).toBe(200)
        for (const cookie of [cookies.viewer, cookies.operator]) {
          expect((yield* visit({ method: "POST", path: "/api/v1/places", body, cookie })).status).toBe(403)
        }
        const database = yield* Database
        const audited = yield* database.system(
          "read",
          (sql) => sql`select action from audit_entries where subject_type = 'place' and subject_id = ${theirs.id}`
        )
        expect(audited).toEqual([{ action: "place.create" }])
      })
    )

    it.effect("are not changed over what somebody else did, nor are cameras", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { ask } = yield* asSupervisor
        const send = (method: string, path: string, tag: string, body?: unknown) =>
          visit({ method, path, body, cookie: cookies.supervisor, headers: { "if-match": tag } })
        const things = [
          ["places", { kind: "site", name: "Raced" }],
          ["cameras", { name: "Raced", url: "rtsp://192.0.2.7/1" }]
        ] as const
        for (const [kind, body] of things) {
          const created = yield* ask("POST", `/${kind}`, body)
          const path = created.headers.get("location") ?? ""
          expect(path, kind).toMatch(new RegExp(`^/api/v1/${kind}/[0-9a-f-]{36}$`))
          expect(created.headers.get("etag"), kind).toBe('"1"')
          expect((yield* visit({ path, cookie: cookies.viewer })).headers.get("etag"), kind).toBe('"1"')

          const names = ["a", "b", "c", "d"]
          const race = yield* Effect.forEach(names, (name) => send("PATCH", path, '"1"', { name }), { concurrency: 4 })
          expect(
            race.map(({ status }) => status).sort((a, b) => a - b),
            kind
          ).toEqual([200, 412, 412, 412])
          expect(race.find(({ status }) => status === 200)?.headers.get("etag"), kind).toBe('"2"')
          expect(race.find(({ status }) => status === 412)?.json, kind).toMatchObject({
            type: "urn:vigil:problem:revision-conflict",
            status: 412
          })
          expect((yield* send("PATCH", path, "*", { name: "whatever is there" })).json, kind).toMatchObject({ revision: 3 })
          expect((yield* ask("PATCH", path.slice("/api/v1".length), { name: "unasked" })).json, kind).toMatchObject({
            revision: 4
          })
          expect((yield* send("PATCH", path, "4", { name: "no tag" })).status, kind).toBe(400)
          expect((yield* send("DELETE", path, '"3"')).status, kind).toBe(412)
          expect((yield* send("DELETE", path, '"4"')).status, kind).toBe(204)
          expect((yield* send("DELETE", path, '"4"')).status, kind).toBe(404)
        }
      })
    )

    it.effect("camera lists know states and pages", () =>
      Effect.gen(function* () {
        const { ask, make } = yield* asSupervisor
        const { running } = yield* FakeRuntime
        const id = yield* make("/cameras", { name: "Runs", url: "rtsp://192.0.2.7/1" })
        running.add(CameraId.make(id))
        expect(namesOf((yield* ask("GET", "/cameras?state=Streaming")).json)).toEqual(["Runs"])
        expect(namesOf((yield* ask("GET", "/cameras?state=Stalled")).json)).toEqual([])
        const first = yield* ask("GET", "/cameras?limit=1&descending=true")
        expect(first.json).toMatchObject({ nextCursor: expect.any(String) })
        const { nextCursor } = Schema.decodeUnknownSync(Schema.Struct({ nextCursor: Schema.String }))(first.json)
        const second = yield* ask("GET", `/cameras?limit=1&descending=true&cursor=${nextCursor}`)
        expect(namesOf(second.json)).not.toEqual(namesOf(first.json))
        const events = yield* ask("GET", `/events?cursor=${nextCursor}`)
        const elsewhere = yield* ask("GET", `/cameras?limit=1&cursor=${nextCursor}`)
        for (const refused of [events, elsewhere]) {
          expect(refused.status).toBe(400)
          expect(refused.json).toMatchObject({
            type: "urn:vigil:problem:cursor-refused",
            detail: expect.stringContaining("same filters and the same sort"),
            errors: [{ pointer: "/cursor" }]
          })
        }
        for (const wrong of [
          `cursor=${"x".repeat(3000)}`,
          "cursor=nonsense",
          "limit=0",
          "limit=501",
          "sort=url",
          "state=Gone",
          "enabled=maybe"
        ]) {
          expect((yield* ask("GET", `/cameras?${wrong}`)).status, wrong).toBe(400)
        }
      })
    )
  })
})
