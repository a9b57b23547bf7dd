import { describe, expect, layer } from "@effect/vitest"
import { ManagerId, type ManagerIdentity } from "@vigil/core/CameraManager"
import { agedAt, type WorkerReport } from "@vigil/core/CameraRuntime"
import { type CameraId, defaultTenant, Epoch, type TenantId } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { WorkerHeartbeat } from "@vigil/core/WorkerHeartbeat"
import { DateTime, Effect, type Layer, Schedule, Schema } from "effect"
import { anyCameraId, newCamera, otherTenant } from "../Samples.js"

const managerOf = (node: string): ManagerIdentity => ({
  id: ManagerId.make(crypto.randomUUID()),
  cluster: "vigil",
  node: NodeName.make(node)
})

const report = (cameraId: CameraId, epoch: number, overrides: Partial<WorkerReport> = {}): WorkerReport => ({
  cameraId,
  worker: "actor",
  podName: "node-a",
  epoch: Epoch.make(epoch),
  workerStatus: "running",
  healthStatus: "healthy",
  healthInfo: { fps: 14.9, state: "Streaming" },
  errorCount: 0,
  lastError: null,
  alert: false,
  ...overrides
})

const beat = (fields: typeof WorkerHeartbeat.Encoded) => Schema.decodeSync(WorkerHeartbeat)(fields)

const addCamera = (tenant: TenantId = defaultTenant) =>
  Effect.flatMap(CameraStore, (store) => Effect.map(store.create(tenant, newCamera()), ({ id }) => id))

/** The camera's rows as they were written. */
const rowsOf = (id: CameraId, tenant: TenantId = defaultTenant) =>
  Effect.gen(function* () {
    const { at, rows } = yield* (yield* RuntimeTable).list(tenant)
    return { at, rows: rows.filter(({ cameraId }) => cameraId === id) }
  })

/** Waits until the table's clock, which nobody can set, has moved on. */
const later = (moment: DateTime.Utc) =>
  Effect.flatMap(RuntimeTable, (table) =>
    Effect.map(table.list(defaultTenant), ({ at }) => DateTime.greaterThan(at, moment))
  ).pipe(Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("2 millis") }))

/** What every runtime table must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const runtimeTableConformance = <E>(name: string, stores: Layer.Layer<RuntimeTable | CameraStore, E>): void => {
  describe(`RuntimeTable: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("gives back what a manager reported, and changes what it reports again", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const [id, manager] = [yield* addCamera(), managerOf("node-a")]
          const first = report(id, 1, { workerStatus: "starting", healthStatus: "unknown", healthInfo: {} })
          expect(yield* table.report(manager, [first])).toEqual([])
          const before = (yield* rowsOf(id)).rows
          expect(before).toEqual([{ ...first, startedAt: expect.anything(), lastHeartbeat: expect.anything() }])
          const second = report(id, 1, { workerStatus: "error", errorCount: 2, lastError: "Tür zu: 100 %", alert: true })
          yield* table.report(manager, [second])
          const { at, rows } = yield* rowsOf(id)
          expect(rows).toEqual([{ ...second, startedAt: before[0]?.startedAt, lastHeartbeat: expect.anything() }])
          expect(DateTime.distance(rows[0]?.lastHeartbeat ?? at, at)).toBeLessThan(heartbeatSlack)
        })
      )

      it.effect("counts a manager's heartbeat for all its rows that have not stopped, and for no other's", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const [mine, theirs] = [managerOf("node-a"), managerOf("node-b")]
          const ids = yield* Effect.replicateEffect(addCamera(), 3)
          const [running, stopped, elsewhere] = ids as [CameraId, CameraId, CameraId]
          yield* table.report(mine, [report(running, 1), report(stopped, 1, { workerStatus: "stopped" })])
          yield* table.report(theirs, [report(elsewhere, 1, { podName: "node-b" })])
          const before = yield* table.list(defaultTenant)
          yield* later(before.at)
          yield* table.report(mine, [])
          const heard = (rows: typeof before.rows, id: CameraId) =>
            rows.find(({ cameraId }) => cameraId === id)?.lastHeartbeat.epochMillis ?? 0
          const after = yield* table.list(defaultTenant)
          expect(heard(after.rows, running)).toBeGreaterThan(heard(before.rows, running))
          for (const id of [stopped, elsewhere]) expect(heard(after.rows, id)).toBe(heard(before.rows, id))
          const names = (yield* table.managers).filter(({ id }) => id === mine.id || id === theirs.id)
          expect(names.map(({ cluster, node }) => `${cluster} ${node}`).sort()).toEqual(["vigil node-a", "vigil node-b"])
        })
      )

      it.effect("refuses rows of an actor that is over, and of cameras that are gone", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const store = yield* CameraStore
          const [id, gone, other] = [yield* addCamera(), yield* addCamera(), yield* addCamera()]
          const [old, fresh] = [managerOf("node-a"), managerOf("node-b")]
          yield* table.report(old, [report(id, 1), report(gone, 1)])
          yield* table.report(fresh, [report(id, 2, { podName: "node-b" })])
          yield* store.remove(defaultTenant, gone)
          const refused = yield* table.report(old, [report(id, 1), report(gone, 1), report(other, 1), report(anyCameraId(), 1)])
          expect(refused).toHaveLength(3)
          expect(refused).toEqual(expect.arrayContaining([id, gone]))
          expect((yield* rowsOf(id)).rows).toMatchObject([{ epoch: 2, podName: "node-b" }])
          expect((yield* rowsOf(gone)).rows).toEqual([])
          expect((yield* rowsOf(other)).rows).toHaveLength(1)
        })
      )

      it.effect("says of an actor that starts anew when it did", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const [id, manager] = [yield* addCamera(), managerOf("node-a")]
          const startedAfter = (change: WorkerReport) =>
            Effect.gen(function* () {
              yield* later((yield* table.list(defaultTenant)).at)
              yield* table.report(manager, [change])
              return (yield* rowsOf(id)).rows[0]?.startedAt.epochMillis ?? 0
            })
          const first = yield* startedAfter(report(id, 1))
          expect(yield* startedAfter(report(id, 1, { workerStatus: "stopped" }))).toBe(first)
          const again = yield* startedAfter(report(id, 1))
          expect(again).toBeGreaterThan(first)
          expect(yield* startedAfter(report(id, 2))).toBeGreaterThan(again)
        })
      )

      it.effect("marks a manager's rows as stopped when it ends, and leaves those that others took over", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const [mine, theirs] = [managerOf("node-a"), managerOf("node-b")]
          const [stays, moved] = [yield* addCamera(), yield* addCamera()]
          yield* table.report(mine, [report(stays, 1), report(moved, 1)])
          yield* table.report(theirs, [report(moved, 2, { podName: "node-b" })])
          yield* table.leave(mine.id)
          expect((yield* rowsOf(stays)).rows).toMatchObject([{ workerStatus: "stopped", healthStatus: "unknown" }])
          expect((yield* rowsOf(moved)).rows).toMatchObject([{ workerStatus: "running", podName: "node-b" }])
          expect((yield* table.managers).some(({ id }) => id === mine.id)).toBe(false)
        })
      )

      it.effect("writes thousands of rows at once, and each tenant sees its own", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const ours = yield* Effect.replicateEffect(addCamera(), 200, { concurrency: 8 })
          const theirs = yield* Effect.replicateEffect(addCamera(otherTenant), 20, { concurrency: 8 })
          const all = [...ours, ...theirs].map((id) => report(id, 1, { podName: "node-many" }))
          expect(yield* table.report(managerOf("node-many"), all)).toEqual([])
          const seen = (tenant: TenantId) =>
            Effect.map(table.list(tenant), ({ rows }) =>
              rows.filter(({ podName }) => podName === "node-many").map(({ cameraId }) => cameraId)
            )
          expect(yield* seen(defaultTenant)).toEqual([...ours].sort())
          expect(yield* seen(otherTenant)).toEqual([...theirs].sort())
        })
      )

      it.effect("keeps an external worker beside the actor, with errors in a row and an alert after the fifth", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const id = yield* addCamera()
          yield* table.report(managerOf("node-a"), [report(id, 3)])
          const first = yield* table.heartbeat(
            defaultTenant,
            id,
            beat({ status: "running", health_info: { fps: 1, memory_usage: "256MB" } })
          )
          expect(first.before).toBeUndefined()
          expect(first.after).toMatchObject({
            worker: "external",
            podName: `camera-worker-${id}`,
            workerStatus: "running",
            healthStatus: "healthy",
            healthInfo: { fps: 1, memory_usage: "256MB" },
            errorCount: 0
          })
          const errors = yield* Effect.replicateEffect(
            table.heartbeat(defaultTenant, id, beat({ status: "error", error: "no frames" })),
            5
          )
          expect(errors.map(({ after }) => [after.errorCount, after.alert, after.healthStatus])).toEqual([
            [1, false, "degraded"],
            [2, false, "degraded"],
            [3, false, "degraded"],
            [4, false, "degraded"],
            [5, true, "unhealthy"]
          ])
          expect(errors[4]?.before).toEqual(errors[3]?.after)
          expect(errors[4]?.after.startedAt).toEqual(first.after.startedAt)
          const well = yield* table.heartbeat(defaultTenant, id, beat({ status: "running" }))
          expect(well.after).toMatchObject({ errorCount: 0, alert: false, lastError: null, healthStatus: "healthy" })
          const { rows } = yield* rowsOf(id)
          expect(rows.map(({ worker }) => worker)).toEqual(["actor", "external"])
          expect(rows[1]).toEqual(well.after)
        })
      )

      it.effect("counts every one of many heartbeats that come at once", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const id = yield* addCamera()
          const noted = yield* Effect.replicateEffect(table.heartbeat(defaultTenant, id, beat({ status: "error" })), 12, {
            concurrency: "unbounded"
          })
          expect(noted.map(({ after }) => after.errorCount).sort((a, b) => a - b)).toEqual(
            Array.from({ length: 12 }, (_, index) => index + 1)
          )
        })
      )

      it.effect("takes heartbeats for cameras of the tenant only", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const theirs = yield* addCamera(otherTenant)
          for (const id of [theirs, anyCameraId()]) {
            expect(yield* Effect.flip(table.heartbeat(defaultTenant, id, beat({ status: "running" })))).toMatchObject({
              _tag: "CameraNotFound",
              cameraId: id
            })
          }
          expect((yield* rowsOf(theirs, otherTenant)).rows).toEqual([])
        })
      )

      it.effect("lets rows be read as they are after some silence", () =>
        Effect.gen(function* () {
          const table = yield* RuntimeTable
          const id = yield* addCamera()
          yield* table.report(managerOf("node-a"), [report(id, 1)])
          const { at, rows } = yield* rowsOf(id)
          const [row] = rows
          if (row === undefined) return yield* Effect.die("no row")
          const after = (seconds: number) => agedAt(row, DateTime.add(at, { seconds })).healthStatus
          expect([after(0), after(20), after(60)]).toEqual(["healthy", "degraded", "unhealthy"])
        })
      )
    })
  })
}

/** Milliseconds: how far a heartbeat may lie back when the row is read right after it, on a machine that is busy. */
const heartbeatSlack = 15_000
