import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { lookAfterErasures } from "@vigil/api/privacy/CarryOutErasure"
import { eventStored } from "@vigil/core/BusMessage"
import { EventQuery, type EventEntry } from "@vigil/core/Event"
import { type CameraId, defaultTenant, TrackId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { EventStore } from "@vigil/core/port/EventStore"
import { Chunk, DateTime, Deferred, Effect, Fiber, Schema, Stream } from "effect"
import { createHash } from "node:crypto"
import { unpacked } from "../Archive.js"
import { anyCameraId, entry, newCamera, otherTenant, secondTenant } from "../Samples.js"
import { layerTestServer, TestServer } from "./TestServer.js"

/** Events of a camera as its actor leaves them: stored, published, some with a status that was set. */
const happened = (cameraId: CameraId, entries: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    const { append, markPublished, setStatus } = yield* EventStore
    const { publish } = yield* Bus
    yield* append(cameraId, entries)
    for (const stored of entries) yield* publish(eventStored(stored))
    yield* markPublished(cameraId, entries.length)
    for (const { event } of entries.slice(0, 3)) yield* setStatus(event.customerId, event.eventId, "ACKNOWLEDGED")
  })

const storedOf = (cameraId: CameraId, tenant = defaultTenant) =>
  Effect.gen(function* () {
    const { query } = yield* EventStore
    const { events } = yield* query(tenant, Schema.decodeSync(EventQuery)({ cameraId, limit: 500 }))
    return events.map(({ sequence }) => sequence).reverse()
  })

/** Sequences of the events that a follower of the bus is still told of. */
const keptOf = (cameraId: CameraId) =>
  Effect.gen(function* () {
    const { follow, last } = yield* Bus
    const newest = yield* last
    const stream = yield* follow({ from: 1, tenant: defaultTenant, types: ["event.stored", "event.status"] })
    const end = { ...eventStored(entry(anyCameraId(), 1)), id: `end after ${newest}` }
    const { publish } = yield* Bus
    yield* publish(end)
    const all = yield* stream.pipe(
      Stream.takeUntil(({ message }) => message.id === end.id),
      Stream.runCollect
    )
    return new Set(
      Chunk.toReadonlyArray(all).flatMap(({ message }) =>
        "entry" in message && message.cameraId === cameraId ? [message.entry.sequence] : []
      )
    )
  }).pipe(Effect.scoped)

const asked = Effect.map(TestServer, ({ cookies, visit }) => ({
  ask: (method: string, path: string, body?: unknown, cookie = cookies.admin) =>
    visit({ method, path: `/api/v1/privacy${path}`, body, cookie }),
  cookies
}))

const at = (seconds: number) => DateTime.formatIso(DateTime.unsafeMake(Date.UTC(2026, 0, 2, 3, 4, 5) + seconds * 1000))

const many = (cameraId: CameraId, count: number, overrides: (sequence: number) => Parameters<typeof entry>[2] = () => ({})) =>
  Array.from({ length: count }, (_, index) => entry(cameraId, index + 1, overrides(index + 1)))

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))

describe("erasure", () => {
  layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("takes the events of a time from the store and the bus, and leaves the others and a report", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const [camera, other] = [anyCameraId(), anyCameraId()]
        yield* happened(
          camera,
          many(camera, 20, (sequence) => (sequence % 2 === 0 ? { eventType: "MOTION" } : {}))
        )
        yield* happened(other, many(other, 20))
        const selection = { from: at(5), to: at(15), cameraIds: [camera] }
        const found = {
          events: 10,
          byCamera: [{ cameraId: camera, events: 10 }],
          byType: [
            { eventType: "INTRUSION", events: 5 },
            { eventType: "MOTION", events: 5 }
          ],
          oldest: at(5),
          newest: at(14)
        }
        expect(yield* ask("POST", "/erasures/preview", selection)).toMatchObject({ status: 200, json: found })
        expect(yield* storedOf(camera)).toHaveLength(20)
        const answer = yield* ask("POST", "/erasures", { selection, reason: "Request 17" })
        expect(answer.status, answer.text).toBe(201)
        expect(answer.json).toMatchObject({
          reason: "Request 17",
          selection,
          requestedBy: { username: "root" },
          finishedAt: expect.any(String),
          erased: { ...found, messages: 10 },
          remains: expect.arrayContaining([expect.stringContaining("audit trail")])
        })
        const left = [1, 2, 3, 4, 15, 16, 17, 18, 19, 20]
        expect(yield* storedOf(camera)).toEqual(left)
        expect([...(yield* keptOf(camera))]).toEqual(left)
        expect(yield* storedOf(other)).toHaveLength(20)
        expect(yield* keptOf(other)).toHaveLength(20)
        const { id } = idOf(answer.json)
        expect((yield* ask("GET", `/erasures/${id}`)).json).toEqual(answer.json)
        expect((yield* ask("GET", "/erasures")).json).toEqual([answer.json])
        expect(yield* ask("POST", "/erasures/preview", selection)).toMatchObject({ json: { events: 0, oldest: null } })
        const { visit, cookies } = yield* TestServer
        const trail = yield* visit({ path: `/api/v1/audit?subjectId=${id}`, cookie: cookies.admin })
        expect(trail.json).toMatchObject({
          entries: [
            { action: "privacy.erased", after: { erased: { events: 10 } } },
            { action: "privacy.erase", after: { selection, reason: "Request 17" }, actor: { username: "root" } }
          ]
        })
      })
    )

    it.effect("takes everything of a person, wherever that person was followed", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const tracks = [TrackId.make(crypto.randomUUID()), TrackId.make(crypto.randomUUID())] as const
        const cameras = [anyCameraId(), anyCameraId()] as const
        for (const [index, camera] of cameras.entries()) {
          yield* happened(
            camera,
            many(camera, 6, (sequence) => ({
              detectionMetadata:
                sequence > 4 ? {} : { trackingId: sequence % 2 === 0 ? tracks[index] : TrackId.make(crypto.randomUUID()) }
            }))
          )
        }
        const answer = yield* ask("POST", "/erasures", { selection: { trackingIds: tracks }, reason: "Article 17" })
        expect(answer.json).toMatchObject({ erased: { events: 4 } })
        for (const camera of cameras) {
          expect(yield* storedOf(camera)).toEqual([1, 3, 5, 6])
          expect(yield* keptOf(camera)).toEqual(new Set([1, 3, 5, 6]))
        }
      })
    )

    it.effect("takes thousands, those that were not published yet, and those that come late", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const { append, after } = yield* EventStore
        const camera = anyCameraId()
        yield* append(camera, many(camera, 5000))
        const { setStatus } = yield* EventStore
        const [first] = yield* after(camera, 0, 1)
        if (first !== undefined) yield* setStatus(defaultTenant, first.event.eventId, "RESOLVED")
        const answer = yield* ask("POST", "/erasures", { selection: { cameraIds: [camera] }, reason: "Wrong angle" })
        expect(answer.json).toMatchObject({ erased: { events: 5000, oldest: at(1), newest: at(5000) } })
        expect(yield* after(camera, 0, 10)).toEqual([])
        const { system } = yield* Database
        const untold = yield* system("look", (sql) => sql`select id from outbox where camera_id = ${camera}`)
        expect(untold).toEqual([])
        // It was written down elsewhere before, and comes now; what happens from now on is none of it.
        const [late, next] = [entry(camera, 5001), entry(camera, 5002, { timestamp: DateTime.unsafeMake(Date.now() + 1000) })]
        yield* happened(camera, [late, next])
        yield* lookAfterErasures
        expect(yield* storedOf(camera)).toEqual([5001, 5002])
        yield* system("age", (sql) => sql`update erasures set requested_at = requested_at - interval '2 minutes'`)
        yield* lookAfterErasures
        expect(yield* storedOf(camera)).toEqual([5002])
        expect([...(yield* keptOf(camera))]).toEqual([5002])
        const { id } = idOf(answer.json)
        expect((yield* ask("GET", `/erasures/${id}`)).json).toMatchObject({ erased: { events: 5001 } })
      })
    )

    it.effect("goes on where it was left half done", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const camera = anyCameraId()
        yield* happened(camera, many(camera, 10))
        const begun = yield* ask("POST", "/erasures", { selection: { cameraIds: [camera], to: at(0) }, reason: "Nothing yet" })
        const { id } = idOf(begun.json)
        expect(begun.json).toMatchObject({ erased: { events: 0 } })
        const { system } = yield* Database
        yield* system(
          "play a crash",
          (sql) => sql`update erasures set finished_at = null,
          requested_at = requested_at - interval '2 minutes',
          selection = selection || jsonb_build_object('to', ${at(100)}::text) where id = ${id}`
        )
        yield* lookAfterErasures
        expect(yield* storedOf(camera)).toEqual([])
        expect((yield* ask("GET", `/erasures/${id}`)).json).toMatchObject({
          finishedAt: expect.any(String),
          erased: { events: 10 }
        })
      })
    )

    it.effect("is for administrators, of their own tenant's cameras, and must say what", () =>
      Effect.gen(function* () {
        const { ask, cookies } = yield* asked
        yield* secondTenant
        const [camera, own] = [anyCameraId(), anyCameraId()]
        const { append } = yield* EventStore
        yield* append(camera, [entry(camera, 1, { customerId: otherTenant })])
        yield* append(own, [entry(own, 1)])
        for (const cookie of [cookies.supervisor, cookies.operator, cookies.viewer]) {
          expect((yield* ask("POST", "/erasures", { selection: { cameraIds: [own] }, reason: "x" }, cookie)).status).toBe(403)
          expect((yield* ask("POST", "/erasures/preview", { cameraIds: [own] }, cookie)).status).toBe(403)
          expect((yield* ask("GET", "/erasures", undefined, cookie)).status).toBe(403)
        }
        const foreign = { status: 404, json: { type: "urn:vigil:problem:camera-not-found" } }
        expect(yield* ask("POST", "/erasures/preview", { cameraIds: [camera] })).toMatchObject(foreign)
        expect(yield* ask("POST", "/erasures", { selection: { cameraIds: [own, camera] }, reason: "x" })).toMatchObject(foreign)
        expect((yield* ask("GET", `/erasures/${crypto.randomUUID()}`)).status).toBe(404)
        // A time of all cameras is the own tenant's all the same.
        expect((yield* ask("POST", "/erasures", { selection: { from: at(0) }, reason: "x" })).status).toBe(201)
        expect(yield* storedOf(camera, otherTenant)).toEqual([1])
        expect(yield* storedOf(own)).toEqual([])
        for (const selection of [{}, { eventTypes: ["MOTION"] }, { from: at(5), to: at(5) }, { cameraIds: [] }]) {
          expect((yield* ask("POST", "/erasures", { selection, reason: "x" })).status, JSON.stringify(selection)).toBe(400)
        }
        expect((yield* ask("POST", "/erasures", { selection: { from: at(0) }, reason: " " })).status).toBe(400)
      })
    )
  })
})

const Manifest = Schema.parseJson(
  Schema.Struct({
    format: Schema.Literal("vigil-export"),
    of: Schema.Struct({ type: Schema.String, id: Schema.String }),
    files: Schema.Array(Schema.Struct({ name: Schema.String, rows: Schema.Int, sha256: Schema.String }))
  })
)

/** The archive's text by table, checked against its manifest. */
const archiveOf = (path: string, cookie: string) =>
  Effect.gen(function* () {
    const { url } = yield* TestServer
    const response = yield* Effect.promise(() => fetch(`${url}/api/v1/privacy${path}`, { headers: { cookie } }))
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toBe("application/zip")
    const bytes = new Uint8Array(yield* Effect.promise(() => response.arrayBuffer()))
    const packed = yield* unpacked(bytes)
    const text = (name: string) => packed.get(name) ?? ""
    const manifest = yield* Schema.decode(Manifest)(text("manifest.json"))
    const tables = new Map<string, string>()
    for (const { name, rows, sha256 } of manifest.files) {
      const content = text(name)
      expect(createHash("sha256").update(content).digest("hex"), name).toBe(sha256)
      expect(content.split("\n"), name).toHaveLength(rows + 1)
      tables.set(name.replace(".jsonl", ""), content)
    }
    return { manifest, tables, all: [...tables.values()].join("") }
  })

const rowsOf = (text: string | undefined): ReadonlyArray<unknown> =>
  (text ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))

describe("data export", () => {
  layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })((it) => {
    const secret = "hunter2-of-the-gate"

    it.effect("has every table with rows of the tenant, whole, and nothing of others", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        yield* secondTenant
        const [camera, foreign] = [anyCameraId(), anyCameraId()]
        const { append } = yield* EventStore
        yield* append(camera, many(camera, 4500))
        yield* append(foreign, [entry(foreign, 1, { customerId: otherTenant })])
        const body = { ...newCamera(), credentials: { username: "admin", password: secret } }
        const added = yield* visit({ method: "POST", path: "/api/v1/cameras", body, cookie: cookies.supervisor })
        expect(added.status, added.text).toBe(201)
        const { all, manifest, tables } = yield* archiveOf("/export", cookies.admin)
        expect(manifest.of).toEqual({ type: "tenant", id: defaultTenant })
        // Three pages.
        expect(manifest.files.filter(({ name }) => name.startsWith("events"))).toMatchObject([{ name: "events.jsonl", rows: 4500 }])
        expect(new Set(rowsOf(tables.get("events")).map((row) => JSON.stringify(row))).size).toBe(4500)
        expect(rowsOf(tables.get("users")).length).toBe(4)
        expect(rowsOf(tables.get("cameras"))).toMatchObject([
          { name: "Gate", configuration: { url: "rtsp://192.0.2.7/stream1" } }
        ])
        expect(rowsOf(tables.get("tenants"))).toMatchObject([{ id: defaultTenant }])
        expect(all).not.toContain(foreign)
        expect(all).not.toContain(otherTenant)
        const { system, tenant } = yield* Database
        const isolated = yield* system(
          "look",
          (sql) => sql<{ readonly relname: string }>`select relname from pg_class where relrowsecurity and relkind = 'r'`
        )
        for (const { relname } of isolated) {
          const [count] = yield* tenant(
            "count",
            defaultTenant,
            (sql) => sql<{ readonly n: number }>`select count(*)::int as n from ${sql(relname)}`
          )
          const isOwn = ["idempotency_keys", "outbox"].includes(relname)
          // The trail has one entry more by now, that of the export.
          if (!isOwn && relname !== "audit_entries") expect(rowsOf(tables.get(relname)).length, relname).toBe(count?.n)
        }
      })
    )

    it.effect("has no secret in it, and nothing that proves one", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const key = yield* visit({
          method: "POST",
          path: "/api/v1/api-keys",
          body: { name: "wall", scopes: ["read"] },
          cookie: cookies.admin
        })
        const { all } = yield* archiveOf("/export", cookies.admin)
        const session = cookies.admin.split("=")[1] ?? ""
        expect(session.length).toBeGreaterThan(20)
        expect(all).not.toContain(secret)
        expect(all).not.toContain(session)
        expect(all).not.toContain("$argon2")
        expect(all).not.toMatch(/"[a-z_]*(hash|secret|password)[a-z_]*": ?"[^"]*\\\\x/)
        for (const word of key.text.match(/[A-Za-z0-9_-]{24,}/g) ?? []) {
          if (!/^[0-9a-f-]{36}$/.test(word)) expect(all).not.toContain(word)
        }
        const { system } = yield* Database
        const hashes = yield* system(
          "look",
          (sql) => sql<{ readonly hash: string }>`
          select encode(token_hash, 'hex') as hash from sessions union select encode(key_hash, 'hex') from api_keys
          union select password_hash from users`
        )
        expect(hashes.length).toBeGreaterThan(5)
        for (const { hash } of hashes) expect(all).not.toContain(hash)
      })
    )

    it.effect("that breaks off does not look whole", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const { system } = yield* Database
        const [held, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const holding = yield* Effect.fork(
          system("keep a table that is read late to ourselves", (sql) =>
            sql`lock table worker_tokens in access exclusive mode`.pipe(
              Effect.zipRight(Deferred.succeed(held, undefined)),
              Effect.zipRight(Deferred.await(over))
            )
          )
        )
        yield* Deferred.await(held)
        const broken = yield* Effect.promise(async () => {
          const response = await fetch(`${url}/api/v1/privacy/export`, { headers: { cookie: cookies.admin } })
          return [
            response.status,
            await response.arrayBuffer().then(
              () => "whole",
              () => "broken"
            )
          ]
        })
        expect(broken).toEqual([200, "broken"])
        yield* Deferred.succeed(over, undefined)
        yield* Fiber.await(holding)
        expect((yield* archiveOf("/export", cookies.admin)).tables.has("users")).toBe(true)
      })
    )

    it.effect("of a user is for that user and administrators, has that user's rows alone, and is in the trail", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const me = yield* visit({ path: "/api/v1/session", cookie: cookies.viewer })
        const viewer = idOf(me.json).id
        for (const cookie of [cookies.viewer, cookies.admin]) {
          const { all, manifest, tables } = yield* archiveOf(`/users/${viewer}/export`, cookie)
          expect(manifest.of).toEqual({ type: "user", id: viewer })
          expect(rowsOf(tables.get("users"))).toMatchObject([{ id: viewer, username: "viewer" }])
          expect(rowsOf(tables.get("sessions")).length).toBeGreaterThan(0)
          expect(tables.has("cameras")).toBe(false)
          expect(all).not.toContain('"username": "operator"')
        }
        const { ask } = yield* asked
        expect((yield* ask("GET", `/users/${viewer}/export`, undefined, cookies.operator)).status).toBe(403)
        expect((yield* ask("GET", `/users/${crypto.randomUUID()}/export`)).status).toBe(404)
        expect((yield* ask("GET", "/export", undefined, cookies.supervisor)).status).toBe(403)
        const trail = yield* visit({ path: `/api/v1/audit?action=privacy.export&subjectId=${viewer}`, cookie: cookies.admin })
        expect(trail.json).toMatchObject({ entries: [{ actor: { username: "root" } }, { actor: { username: "viewer" } }] })
      })
    )
  })
})
