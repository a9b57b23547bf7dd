import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { deliver } from "@vigil/api/edge/Delivery"
import { eventStored } from "@vigil/core/BusMessage"
import { Erasure, ErasureId, type VideoPart } from "@vigil/core/Erasure"
import { EventQuery, type EventEntry } from "@vigil/core/Event"
import { type CameraId, defaultTenant, TrackId } from "@vigil/core/Ids"
import { makeVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import { NodeName } from "@vigil/core/Node"
import { Bus } from "@vigil/core/port/Bus"
import { type EdgeRight, EdgeStore } from "@vigil/core/port/EdgeStore"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { carryOut, lookAfterErasures } from "@vigil/core/privacy/CarryOutErasure"
import { Chunk, DateTime, Effect, Layer, Schema, Stream } from "effect"
import { anyCameraId, entries, entry, otherTenant, secondTenant } from "../Samples.js"
import { layerTestServer, testConfig, TestServer } from "./TestServer.js"

/** Events of a camera as its actor leaves them: stored, published, some with a status that was set. */
const happened = (cameraId: CameraId, written: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    const { append, change, markPublished } = yield* EventStore
    const { publish } = yield* Bus
    yield* append(cameraId, written)
    for (const stored of written) yield* publish(eventStored(stored))
    yield* markPublished(cameraId, written.length)
    for (const { event } of written.slice(0, 3)) yield* change(event.customerId, event.eventId, { status: "ACKNOWLEDGED" })
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

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))

/** Segments that wait for workers. */
let queued: ReadonlyArray<VideoPart> = []

const layerQueue = Layer.sync(VideoJobQueue, () => ({
  ...makeVideoJobQueueMemory(),
  erase: (_, isErased) =>
    Effect.sync(() => {
      const before = queued.length
      queued = queued.filter((part) => !isErased(part))
      return before - queued.length
    })
}))

describe("erasure", () => {
  layer(layerTestServer(testConfig(), undefined, layerQueue), { excludeTestServices: true })((it) => {
    it.effect("takes the events of a time from the store and the bus, and leaves the others and a report", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const [camera, other] = [anyCameraId(), anyCameraId()]
        yield* happened(
          camera,
          entries(camera, 20, (sequence) => (sequence % 2 === 0 ? { eventType: "MOTION" } : {}))
        )
        yield* happened(other, entries(other, 20))
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
            entries(camera, 6, (sequence) => ({
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
        yield* append(camera, entries(camera, 5000))
        const { change } = yield* EventStore
        const [first] = yield* after(camera, 0, 1)
        if (first !== undefined) yield* change(defaultTenant, first.event.eventId, { status: "RESOLVED" })
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

    it.effect("takes nothing in that an edge brings of it, before or after the edge was told", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const edges = yield* EdgeStore
        const { after, append } = yield* EventStore
        const made = yield* edges.create(defaultTenant, { name: NodeName.make("shop") }, new Uint8Array(32))
        const edge: EdgeRight = { id: made.id, name: made.name, tenantId: defaultTenant, tenantName: "default" }
        const camera = anyCameraId()
        const [track, stranger] = [TrackId.make(crypto.randomUUID()), TrackId.make(crypto.randomUUID())]
        const all = entries(camera, 12, (sequence) => ({
          detectionMetadata: { trackingId: sequence % 2 === 0 ? track : stranger }
        }))
        const bring = (wanted: ReadonlyArray<number>, seen?: number) => {
          const [first, ...rest] = all.filter(({ sequence }) => wanted.includes(sequence))
          return first === undefined
            ? Effect.dieMessage("there are twelve")
            : deliver(edge, { cameraId: camera, entries: [first, ...rest], after: seen })
        }
        const stored = Effect.map(after(camera, 0, 20), (found) => found.map(({ sequence }) => sequence))
        yield* append(camera, all.slice(0, 4))
        const answer = yield* ask("POST", "/erasures", { selection: { trackingIds: [track] }, reason: "Article 17" })
        const { id } = idOf(answer.json)
        expect(answer.json).toMatchObject({
          erased: { events: 2 },
          finishedAt: null,
          edges: [{ name: "shop", state: "pending", erasedAt: null }],
          remains: expect.arrayContaining([expect.stringContaining("pending: edge shop")])
        })
        const { erasedAt, obey, pendingAt } = yield* ErasureStore
        expect(yield* pendingAt(edge)).toMatchObject([{ id, reason: "Article 17", selection: { trackingIds: [track] } }])
        // Not acknowledged before, and not erased there yet.
        expect(yield* bring([1, 2, 3, 4, 5, 6])).toEqual({ sequence: 6 })
        expect(yield* stored).toEqual([1, 3, 5])
        // Erased there: the edge has only 9 and 11 behind 6, and says so.
        expect(yield* Effect.flip(bring([9, 11]))).toMatchObject({ _tag: "DeliveryConflict", sequence: 6 })
        expect(yield* bring([9, 11], 6)).toEqual({ sequence: 11 })
        expect(yield* bring([12])).toEqual({ sequence: 12 })
        expect(yield* stored).toEqual([1, 3, 5, 9, 11])
        yield* erasedAt(edge, ErasureId.make(id), { events: 6, messages: 5 })
        yield* erasedAt(edge, ErasureId.make(id), { events: 9, messages: 9 })
        expect(yield* pendingAt(edge)).toEqual([])
        const report = yield* ask("GET", `/erasures/${id}`)
        expect(report.json).toMatchObject({
          finishedAt: expect.any(String),
          edges: [{ name: "shop", state: "erased", events: 6, messages: 5 }]
        })
        expect(report.text).not.toContain("pending")
        // An edge keeps what it was told first, and carries it out as others do.
        const order = {
          id: ErasureId.make(crypto.randomUUID()),
          selection: { cameraIds: [camera] },
          requestedAt: yield* DateTime.now
        }
        const told = yield* obey(defaultTenant, { ...order, reason: "x" })
        expect(yield* obey(defaultTenant, { ...order, reason: "y" })).toEqual(told)
        expect(yield* carryOut(told)).toMatchObject({ reason: "x", erased: { events: 5 }, edges: [] })
        // One that is revoked before it was told never is.
        yield* ask("POST", "/erasures", { selection: { cameraIds: [camera], to: at(0) }, reason: "x" })
        yield* edges.remove(defaultTenant, made.id)
        const [revoked] = Schema.decodeUnknownSync(Schema.Array(Erasure))((yield* ask("GET", "/erasures")).json)
        expect(revoked).toMatchObject({ edges: [{ state: "revoked" }] })
        expect(revoked?.finishedAt).not.toBe(null)
        expect(revoked?.remains.join()).toContain("edge shop was revoked")
      })
    )

    it.effect("takes what waits for workers too", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const [camera, other] = [anyCameraId(), anyCameraId()]
        yield* (yield* EventStore).append(camera, entries(camera, 3))
        yield* (yield* EventStore).append(
          other,
          entries(other, 1, () => ({ eventType: "MOTION" }))
        )
        const [start, minute] = [Date.parse(at(0)), 60_000]
        const part = (cameraId: CameraId, from: number) => ({ cameraId, from: start + from, to: start + from + 5000 })
        queued = [part(camera, 0), part(camera, 3 * minute), part(camera, -3 * minute), part(other, 0)]
        // Where some are erased, what was around them; else all of the cameras and the time.
        const selection = { eventTypes: ["INTRUSION"], cameraIds: [camera, other] }
        const some = yield* ask("POST", "/erasures", { selection, reason: "x" })
        expect(some.json).toMatchObject({ erased: { events: 3, segments: 1 } })
        expect(queued.map(({ from }) => from - start)).toEqual([3 * minute, -3 * minute, 0])
        const all = yield* ask("POST", "/erasures", { selection: { cameraIds: [camera] }, reason: "x" })
        expect(all.json).toMatchObject({ erased: { events: 0, segments: 2 } })
        expect(queued).toEqual([part(other, 0)])
        queued = []
      })
    )

    it.effect("goes on where it was left half done", () =>
      Effect.gen(function* () {
        const { ask } = yield* asked
        const camera = anyCameraId()
        yield* happened(camera, entries(camera, 10))
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
