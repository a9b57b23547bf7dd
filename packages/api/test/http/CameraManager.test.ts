import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { type BusMessage, subjectId } from "@vigil/core/BusMessage"
import { ManagerId } from "@vigil/core/CameraManager"
import type { WorkerReport } from "@vigil/core/CameraRuntime"
import { type CameraId, defaultTenant, Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { Bus } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { Effect, Fiber, Stream } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { rpcClient } from "./RpcVisitor.js"
import { giveUpJob } from "./tenancy/DeadJob.js"
import { layerTestServer, TestServer, type Visit } from "./TestServer.js"

const manager = { id: ManagerId.make(crypto.randomUUID()), cluster: "west", node: NodeName.make("node-a") }

const report = (cameraId: CameraId, overrides: Partial<WorkerReport> = {}): WorkerReport => ({
  cameraId,
  worker: "actor",
  podName: "node-a",
  epoch: Epoch.make(1),
  workerStatus: "running",
  healthStatus: "healthy",
  healthInfo: { fps: 15 },
  errorCount: 0,
  lastError: null,
  alert: false,
  ...overrides
})

const facts = { location: "Front Entrance", description: "Main entrance\nmonitoring", metadata: { asset: "A-7", floors: [1, 2] } }

const add = (tenant = defaultTenant) =>
  Effect.flatMap(CameraStore, (store) => store.create(tenant, newCamera({ name: `Gate ${crypto.randomUUID()}`, ...facts })))

const beat = (id: CameraId, who: Pick<Visit, "cookie" | "headers">, body: unknown = { status: "running" }): Visit => ({
  method: "POST",
  path: `/api/v1/cameras/${id}/heartbeat`,
  body,
  ...who
})

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** A worker token, as an administrator makes it. */
const makeToken = (body: unknown) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const { json, status } = yield* visit({ method: "POST", path: "/api/v1/worker-tokens", cookie: cookies.admin, body })
    expect(status).toBe(201)
    return json as { readonly id: string; readonly token: string; readonly name: string }
  })

const entriesOf = (json: unknown, id: CameraId) =>
  (json as { data: ReadonlyArray<{ readonly id: string }> }).data.filter((entry) => entry.id === id)

describe("camera manager over HTTP", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("tells of jobs that workers gave up, of the cameras that somebody may see, and forgets them on demand", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const [ours, theirs] = [yield* add(), yield* add(otherTenant)]
        const [first, second] = [
          yield* giveUpJob(defaultTenant, ours.id, "first"),
          yield* giveUpJob(defaultTenant, ours.id, "second")
        ]
        const foreign = yield* giveUpJob(otherTenant, theirs.id, "third")
        const gone = yield* giveUpJob(defaultTenant, crypto.randomUUID(), "fourth")
        const at = "/api/v1/jobs/dead"
        const ask = (method: string, path: string, cookie = cookies.supervisor) => visit({ method, path: at + path, cookie })
        const listed = Effect.map(ask("GET", "?limit=500", cookies.operator), ({ json }) =>
          (json as ReadonlyArray<{ jobId: string }>).map(({ jobId }) => jobId)
        )
        expect(yield* listed).toEqual([second, first])
        expect((yield* ask("GET", "?limit=1")).json).toMatchObject([
          { jobId: second, cameraId: ours.id, reason: "second cannot" }
        ])
        expect((yield* ask("GET", `/${first}`)).json).toMatchObject([{ model: "first", deliveries: 1, segmentSequence: 7 }])
        for (const id of [foreign, gone, crypto.randomUUID()]) {
          for (const method of ["GET", "DELETE"]) {
            const none = { status: 404, type: "urn:vigil:problem:dead-job-not-found" }
            expect((yield* ask(method, `/${id}`)).json, method).toMatchObject(none)
          }
        }
        expect((yield* ask("DELETE", `/${first}`, cookies.operator)).status).toBe(403)
        expect((yield* ask("GET", "", cookies.viewer)).status).toBe(403)
        expect((yield* ask("DELETE", `/${first}`)).status).toBe(204)
        expect(yield* listed).toEqual([second])
        expect((yield* ask("DELETE", `/${first}`)).status).toBe(404)
        const { entries } = yield* (yield* AuditStore).query(defaultTenant, { action: "job.discard", limit: 10 })
        expect(entries).toMatchObject([
          {
            subject: { type: "camera", id: ours.id },
            before: { jobId: first, model: "first", reason: "first cannot" },
            after: null
          }
        ])
        expect(yield* (yield* VideoJobQueue).deadLetters(500, otherTenant)).toMatchObject([{ jobId: foreign }])
      })
    )

    it.effect("tells of the cameras' workers with the DFIP's names, and of the caller's tenant only", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const [ours, quiet, theirs] = [yield* add(), yield* add(), yield* add(otherTenant)]
        yield* (yield* RuntimeTable).report(manager, [report(ours.id), report(theirs.id)])
        const { json, status } = yield* visit({ path: "/api/v1/cameras/runtime", cookie: cookies.viewer })
        expect(status).toBe(200)
        expect(json).toMatchObject({ success: true, message: expect.any(String) })
        expect(entriesOf(json, ours.id)).toEqual([
          {
            id: ours.id,
            name: ours.name,
            status: "enabled",
            ...facts,
            created_at: expect.any(String),
            updated_at: expect.any(String),
            runtime: {
              camera_id: ours.id,
              worker: "actor",
              pod_name: "node-a",
              epoch: 1,
              worker_status: "running",
              health_status: "healthy",
              health_info: { fps: 15 },
              error_count: 0,
              last_error: null,
              alert: false,
              started_at: expect.any(String),
              last_heartbeat: expect.any(String)
            },
            external_runtime: null
          }
        ])
        expect(entriesOf(json, quiet.id)).toMatchObject([{ runtime: null, external_runtime: null }])
        expect(entriesOf(json, theirs.id)).toEqual([])
      })
    )

    it.effect("switches a camera by the DFIP's words, without telling its address", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const [ours, theirs] = [yield* add(), yield* add(otherTenant)]
        const turn = (id: CameraId, body: unknown, headers = {}, cookie = cookies.supervisor) =>
          visit({ method: "PATCH", path: `/api/v1/cameras/${id}/status`, body, headers, cookie })
        const off = yield* turn(ours.id, { status: "disabled" })
        expect(off.status).toBe(200)
        expect(off.json).toEqual({
          success: true,
          message: "Camera status updated successfully",
          data: {
            id: ours.id,
            name: ours.name,
            status: "disabled",
            ...facts,
            created_at: expect.any(String),
            updated_at: expect.any(String)
          }
        })
        expect(yield* (yield* CameraStore).get(defaultTenant, ours.id)).toMatchObject({ enabled: false, revision: 2 })
        expect((yield* turn(ours.id, { status: "enabled" })).json).toMatchObject({ data: { status: "enabled" } })
        expect((yield* turn(ours.id, { status: "on" })).status).toBe(400)
        expect((yield* turn(ours.id, { status: "disabled" }, { "if-match": '"1"' })).status).toBe(412)
        expect((yield* turn(ours.id, { status: "disabled" }, {}, cookies.operator)).status).toBe(403)
        expect((yield* turn(theirs.id, { status: "disabled" })).status).toBe(404)
      })
    )

    it.effect("tells operators of the manager: whether it runs, and which workers", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const [ours, stopped, theirs] = [yield* add(), yield* add(), yield* add(otherTenant)]
        const table = yield* RuntimeTable
        yield* table.report(manager, [report(ours.id), report(stopped.id, { workerStatus: "stopped" }), report(theirs.id)])
        const look = visit({ path: "/api/v1/camera-manager/status", cookie: cookies.operator })
        const { json } = yield* look
        const { data } = json as { data: { workers: ReadonlyArray<{ readonly camera_id: string }> } }
        expect(data).toMatchObject({ is_running: true, worker_count: data.workers.length })
        expect(data.workers).toContainEqual({
          camera_id: ours.id,
          podName: "node-a",
          namespace: "west",
          image: "vigil",
          createdAt: expect.any(String)
        })
        for (const other of [stopped, theirs]) expect(data.workers.map(({ camera_id }) => camera_id)).not.toContain(other.id)
        expect((yield* visit({ path: "/api/v1/camera-manager/status", cookie: cookies.viewer })).status).toBe(403)
        yield* table.leave(manager.id)
        expect((yield* look).json).toMatchObject({ data: { is_running: false } })
      })
    )

    it.effect("takes heartbeats of whoever has a worker token or an operator's session, and of nobody else", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* add()
        const { token } = yield* makeToken({ name: "face pipeline" })
        const status = (call: Visit) => Effect.map(visit(call), (answer) => answer.status)
        expect(yield* status(beat(id, {}))).toBe(401)
        expect(yield* status(beat(id, { cookie: cookies.viewer }))).toBe(403)
        for (const wrong of [`${token}x`, "x", token.slice(1), "A".repeat(43)]) {
          expect(yield* status(beat(id, bearer(wrong))), wrong).toBe(401)
        }
        const { json } = yield* visit(
          beat(id, bearer(token), { status: "running", health_info: { fps: 1.0, memory_usage: "256MB", cpu_usage: "15%" } })
        )
        expect(json).toEqual({ success: true, message: "Heartbeat received" })
        expect(yield* status(beat(id, { cookie: cookies.operator }))).toBe(200)
        const listed = yield* visit({ path: "/api/v1/cameras/runtime", cookie: cookies.viewer })
        const worker = { worker: "external", pod_name: `camera-worker-${id}`, worker_status: "running", health_status: "healthy" }
        expect(entriesOf(listed.json, id)).toMatchObject([{ runtime: worker, external_runtime: worker }])
        expect(yield* status({ path: "/api/v1/cameras/runtime", ...bearer(token) }), "a token for heartbeats only").toBe(401)
      })
    )

    it.effect("answers 404 for cameras of other tenants, and for those that a token is not for", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const [own, other, theirs] = [yield* add(), yield* add(), yield* add(otherTenant)]
        const fleet = yield* makeToken({ name: "fleet" })
        const single = yield* makeToken({ name: "single", cameraId: own.id })
        const status = (call: Visit) => Effect.map(visit(call), (answer) => answer.status)
        expect(yield* status(beat(own.id, bearer(single.token)))).toBe(200)
        expect(yield* status(beat(other.id, bearer(single.token)))).toBe(404)
        expect(yield* status(beat(other.id, bearer(fleet.token)))).toBe(200)
        for (const who of [bearer(fleet.token), bearer(single.token), { cookie: cookies.admin }]) {
          const { json, status: code } = yield* visit(beat(theirs.id, who))
          expect(code).toBe(404)
          expect(json).toMatchObject({ type: "urn:vigil:problem:camera-not-found" })
        }
        expect((yield* (yield* RuntimeTable).list(otherTenant)).rows.filter(({ cameraId }) => cameraId === theirs.id)).toEqual([])
      })
    )

    it.effect("refuses what is no heartbeat, and bodies without bounds", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* add()
        const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`fact${index}`, index]))
        for (const wrong of [
          {},
          { status: "well" },
          { status: "running", health_info: { deep: { er: 1 } } },
          { status: "running", health_info: many },
          { status: "running", health_info: { log: "x".repeat(100_000) } },
          "not JSON"
        ]) {
          const answer = yield* visit(
            beat(id, { cookie: cookies.operator, headers: { "content-type": "application/json" } }, wrong)
          )
          expect(answer.status, JSON.stringify(wrong).slice(0, 60)).toBe(400)
        }
        const huge = beat(id, { cookie: cookies.operator }, { status: "running", error: "x".repeat(2_000_000) })
        expect((yield* visit(huge)).status).toBe(413)
        expect((yield* (yield* RuntimeTable).list(defaultTenant)).rows.filter(({ cameraId }) => cameraId === id)).toEqual([])
      })
    )

    it.effect("tells the bus of heartbeats and errors, alerts once, and tells of recovery", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const bus = yield* Bus
        const { id } = yield* add()
        const from = (yield* bus.last) + 1
        const say = (body: unknown) => visit(beat(id, { cookie: cookies.operator }, body))
        yield* say({ status: "running" })
        for (let times = 0; times < 7; times++) yield* say({ status: "error", error: "no frames" })
        yield* say({ status: "running" })
        const told = yield* bus.follow({ from, types: ["worker.heartbeat", "worker.error"] }).pipe(
          Effect.flatMap((stream) =>
            Effect.fork(
              Stream.runCollect(
                stream.pipe(
                  Stream.map(({ message }) => message),
                  Stream.filter((message) => subjectId(message) === id),
                  Stream.takeUntil((message) => message.type === "worker.error" && message.errorCount === 0)
                )
              )
            )
          ),
          Effect.flatMap(Fiber.join),
          Effect.scoped,
          Effect.timeout("60 seconds")
        )
        const messages: ReadonlyArray<BusMessage> = [...told]
        const errors = messages.flatMap((message) => (message.type === "worker.error" ? [message] : []))
        expect(errors.map(({ alert, errorCount }) => [errorCount, alert])).toEqual([
          [1, false],
          [2, false],
          [3, false],
          [4, false],
          [5, true],
          [0, false]
        ])
        const beats = messages.flatMap((message) => (message.type === "worker.heartbeat" ? [message.status] : []))
        expect(beats.slice(0, 2)).toEqual(["running", "error"])
        expect(messages.every(({ tenantId }) => tenantId === defaultTenant)).toBe(true)
      })
    )

    it.effect("lets administrators make, list and revoke worker tokens, which are told once and noted in the audit trail", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* add()
        const made = yield* makeToken({ name: "temporary" })
        const list = yield* visit({ path: "/api/v1/worker-tokens", cookie: cookies.admin })
        expect(list.json).toContainEqual({ id: made.id, name: "temporary", cameraId: null, createdAt: expect.any(String) })
        expect(list.text).not.toContain(made.token)
        const stored = yield* (yield* Database).system("look", (sql) =>
          sql.unsafe("select row_to_json(t)::text as row from worker_tokens t")
        )
        expect(JSON.stringify(stored)).not.toContain(made.token)
        for (const cookie of [cookies.supervisor, cookies.operator, cookies.viewer]) {
          expect((yield* visit({ path: "/api/v1/worker-tokens", cookie })).status).toBe(403)
          expect((yield* visit({ method: "POST", path: "/api/v1/worker-tokens", cookie, body: { name: "x" } })).status).toBe(403)
        }
        const revoke = { method: "DELETE", path: `/api/v1/worker-tokens/${made.id}`, cookie: cookies.admin }
        expect((yield* visit(revoke)).status).toBe(204)
        expect((yield* visit(revoke)).status).toBe(404)
        expect((yield* visit(beat(id, bearer(made.token)))).status).toBe(401)
        const { text } = yield* visit({ path: `/api/v1/audit?subjectId=${made.id}`, cookie: cookies.admin })
        expect(text).toContain("worker.token.make")
        expect(text).toContain("worker.token.revoke")
        expect(text).not.toContain(made.token)
        const theirs = yield* add(otherTenant)
        const body = { name: "thief", cameraId: theirs.id }
        expect((yield* visit({ method: "POST", path: "/api/v1/worker-tokens", cookie: cookies.admin, body })).status).toBe(404)
      })
    )

    it.scoped("tells dashboards the same by RPC", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { id } = yield* add()
        yield* (yield* RuntimeTable).report(manager, [
          report(id, { alert: true, errorCount: 5, lastError: "unreachable: no route" })
        ])
        const operator = yield* rpcClient(cookies.operator)
        const found = (yield* operator.ListCameraRuntimes()).find((camera) => camera.id === id)
        expect(found?.runtime).toMatchObject({
          alert: true,
          errorCount: 5,
          lastError: "unreachable: no route",
          podName: "node-a"
        })
        expect((yield* operator.CameraManagerStatus()).isRunning).toBe(true)
        const viewer = yield* rpcClient(cookies.viewer)
        expect(yield* Effect.flip(viewer.CameraManagerStatus())).toMatchObject({ _tag: "Forbidden" })
      })
    )
  })
})
