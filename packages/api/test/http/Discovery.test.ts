import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import type { FoundDevice } from "@vigil/core/Discovery"
import { CameraId, DiscoveryId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { Effect, Option, Redacted, Schedule, Schema, Stream } from "effect"
import { newDiscovery, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { rpcClient } from "./RpcVisitor.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const gate: FoundDevice = {
  key: "urn:uuid:gate",
  kind: "onvif",
  address: "192.168.7.7",
  name: "Gate",
  needsCredentials: false,
  streams: [
    { url: "rtsp://192.168.7.7/main", codec: "H264" },
    { url: "rtsp://192.168.7.7/sub", codec: "H264" }
  ]
}
const shut: FoundDevice = {
  key: "192.168.7.8:554",
  kind: "rtsp",
  address: "192.168.7.8",
  name: "192.168.7.8",
  needsCredentials: true,
  streams: [],
  detail: "it wants a user name and password"
}
const yard: FoundDevice = {
  ...gate,
  key: "urn:uuid:yard",
  name: "Yard",
  address: "192.168.7.9",
  streams: [{ url: "rtsp://192.168.7.9/user=admin_password=geheim_channel=1.sdp" }]
}

const Told = Schema.Struct({
  id: DiscoveryId,
  state: Schema.String,
  devices: Schema.Array(Schema.Struct({ key: Schema.String, cameraId: Schema.NullOr(Schema.String) }))
})
const told = Schema.decodeUnknownSync(Told)
const Cameras = Schema.Array(
  Schema.Struct({ id: Schema.String, name: Schema.String, url: Schema.String, hasCredentials: Schema.Boolean })
)

const asSupervisor = Effect.map(TestServer, ({ cookies: { supervisor: cookie }, visit }) => {
  const ask = (method: string, path: string, body?: unknown) => visit({ method, path: `/api/v1${path}`, body, cookie })
  return {
    ask,
    until: (id: string, state: string) =>
      Effect.map(ask("GET", `/discoveries/${id}`), ({ json }) => told(json)).pipe(
        Effect.filterOrFail((discovery) => discovery.state === state),
        Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.intersect(Schedule.recurs(200))))
      )
  }
})

const request = { onvif: true, ranges: ["192.168.7.0/24"], credentials: { username: "admin", password: "hunter2-discovery" } }

describe("discovery", () => {
  layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("is a job: begun, watched, over; what it found becomes cameras", () =>
      Effect.gen(function* () {
        const { ask, until } = yield* asSupervisor
        const { network } = yield* FakeRuntime
        Object.assign(network, { devices: [yard, gate, shut], held: false })
        const begun = yield* ask("POST", "/discoveries", request)
        expect(begun, begun.text).toMatchObject({ status: 202, json: { state: "running", startedBy: "supervisor" } })
        const { id } = told(begun.json)
        expect(begun.headers.get("location")).toBe(`/api/v1/discoveries/${id}`)
        const password = network.asked.at(-1)?.credentials?.password
        expect(password === undefined ? undefined : Redacted.value(password)).toBe("hunter2-discovery")
        const over = yield* until(id, "done")
        expect(over.devices.map(({ key }) => key)).toEqual([gate.key, shut.key, yard.key])
        expect((yield* ask("GET", "/discoveries")).json).toMatchObject([
          { id, state: "done", devices: 3, progress: { done: 3, total: 3 } }
        ])

        const adopt = (body: unknown) => ask("POST", `/discoveries/${id}/cameras`, body)
        const refused = (reason: string) => ({ status: 409, json: { type: `urn:vigil:problem:discovery-${reason}` } })
        expect(yield* adopt({ devices: [{ key: gate.key }, { key: shut.key }] })).toMatchObject(refused("no-stream"))
        expect(yield* adopt({ devices: [{ key: gate.key, stream: 2 }] })).toMatchObject(refused("no-stream"))
        expect(yield* adopt({ devices: [{ key: "urn:uuid:nobody" }] })).toMatchObject(refused("unknown-device"))
        expect((yield* adopt({ devices: [] })).status).toBe(400)
        expect((yield* adopt({ devices: [{ key: gate.key }], placeId: crypto.randomUUID() })).status).toBe(404)
        const { credentials } = request
        const added = yield* adopt({
          devices: [{ key: gate.key, stream: 1, name: "Front gate" }, { key: yard.key }],
          credentials,
          tags: ["found"]
        })
        expect(added.status, added.text).toBe(201)
        const cameras = Schema.decodeUnknownSync(Cameras)(added.json)
        expect(cameras).toMatchObject([
          { name: "Front gate", url: "rtsp://192.168.7.7/sub", hasCredentials: true },
          { name: "Yard (192.168.7.9)", url: "rtsp://192.168.7.9/user=***_password=***_channel=1.sdp", hasCredentials: true }
        ])
        const { address } = yield* (yield* CameraStore).secrets(CameraId.make(cameras[1]?.id ?? ""))
        expect(Option.map(address, Redacted.value)).toEqual(Option.some(yard.streams[0]?.url))
        expect((yield* ask("GET", `/discoveries/${id}`)).text).not.toContain("geheim")
        expect((yield* until(id, "done")).devices.map(({ cameraId }) => cameraId)).toEqual([cameras[0]?.id, null, cameras[1]?.id])
        expect(yield* adopt({ devices: [{ key: yard.key }] })).toMatchObject(refused("known-camera"))
      })
    )

    it.effect("is ended by whoever cancels it, and another begins only then", () =>
      Effect.gen(function* () {
        const { ask, until } = yield* asSupervisor
        const { network } = yield* FakeRuntime
        Object.assign(network, { devices: [gate], held: true, left: 0 })
        const { id } = told((yield* ask("POST", "/discoveries", { ranges: ["10.0.0.0/24"] })).json)
        expect(yield* ask("POST", "/discoveries", {})).toMatchObject({
          status: 409,
          json: { type: "urn:vigil:problem:discovery-running" }
        })
        expect((yield* ask("POST", `/discoveries/${id}/cancel`)).json).toMatchObject({ id, state: "cancelled" })
        yield* Effect.retry(
          Effect.suspend(() => (network.left === 1 ? Effect.void : Effect.fail("it goes on"))),
          Schedule.spaced("20 millis").pipe(Schedule.intersect(Schedule.recurs(500)))
        )
        expect((yield* until(id, "cancelled")).state).toBe("cancelled")
        expect((yield* ask("POST", `/discoveries/${id}/cancel`)).json).toMatchObject({ state: "cancelled" })
        network.held = false
        const { id: next } = told((yield* ask("POST", "/discoveries", {})).json)
        yield* until(next, "done")
      })
    )

    it.effect("is watched by RPC until it is over", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { network } = yield* FakeRuntime
        Object.assign(network, { devices: [gate, yard], held: true })
        const rpc = yield* rpcClient(cookies.supervisor)
        const { id } = yield* rpc.StartDiscovery({ request: { onvif: true, ranges: [], ports: [554], paths: [] } })
        const seen = yield* rpc.WatchDiscovery({ id }).pipe(
          Stream.tap(({ devices, state }) =>
            state === "running" && devices.length === 2 ? rpc.CancelDiscovery({ id }) : Effect.void
          ),
          Stream.runCollect
        )
        const last = Option.getOrThrow(Option.fromNullable([...seen].at(-1)))
        expect(last).toMatchObject({ state: "cancelled", devices: [{ key: gate.key }, { key: yard.key }] })
        const viewer = yield* rpcClient(cookies.viewer)
        expect(yield* Effect.flip(Stream.runCollect(viewer.WatchDiscovery({ id })))).toMatchObject({ _tag: "Forbidden" })
      }).pipe(Effect.scoped)
    )

    it.effect("is for supervisors, looks where it may, and keeps no password", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { ask } = yield* asSupervisor
        for (const cookie of [cookies.viewer, cookies.operator]) {
          expect((yield* visit({ method: "POST", path: "/api/v1/discoveries", body: {}, cookie })).status).toBe(403)
          expect((yield* visit({ path: "/api/v1/discoveries", cookie })).status).toBe(403)
        }
        expect(yield* ask("POST", "/discoveries", { ranges: ["8.8.8.0/24"] })).toMatchObject({
          status: 400,
          json: { type: "urn:vigil:problem:range-refused", errors: [{ pointer: "/ranges" }] }
        })
        const wrong = [{ onvif: false }, { ranges: ["0.0.0.0/0"] }, { ranges: ["localhost"] }, { ranges: [], ports: [0] }]
        for (const body of wrong) expect((yield* ask("POST", "/discoveries", body)).status, JSON.stringify(body)).toBe(400)

        const database = yield* Database
        const kept = yield* database.system("read", (sql) =>
          Effect.zip(
            sql`select document::text from discoveries`,
            sql`select action, subject_type, actor_name, old_values::text, new_values::text from audit_entries where subject_type = 'discovery'`
          )
        )
        expect(kept[0].length).toBeGreaterThan(2)
        expect(kept[1]).toEqual(expect.arrayContaining([expect.objectContaining({ action: "discovery.start" })]))
        expect(JSON.stringify(kept)).not.toContain("hunter2")
      })
    )

    it.effect("of another tenant is not there", () =>
      Effect.gen(function* () {
        const { ask } = yield* asSupervisor
        yield* secondTenant
        const theirs = yield* newDiscovery({ tenantId: otherTenant, state: "done", devices: [gate] })
        yield* (yield* DiscoveryStore).add(theirs)
        for (const [method, path, body] of [
          ["GET", "", undefined],
          ["POST", "/cancel", undefined],
          ["POST", "/cameras", { devices: [{ key: gate.key }] }]
        ] as const) {
          expect((yield* ask(method, `/discoveries/${theirs.id}${path}`, body)).status, path).toBe(404)
        }
        expect((yield* ask("GET", "/discoveries")).text).not.toContain(theirs.id)
        expect((yield* (yield* CameraStore).list(otherTenant)).length).toBe(0)
      })
    )
  })
})
