import type { SqlClient } from "@effect/sql/SqlClient"
import { CameraManager, type ManagerIdentity } from "@vigil/core/CameraManager"
import { CameraRuntime, WorkerReport } from "@vigil/core/CameraRuntime"
import type { CameraId, TenantId } from "@vigil/core/Ids"
import { CameraNotFound } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { afterHeartbeat, startsAnew } from "@vigil/core/WorkerHeartbeat"
import { DateTime, Effect, Layer, Schema } from "effect"
import { Database } from "./Database.js"

interface RuntimeRow {
  readonly camera_id: string
  readonly worker: string
  readonly pod_name: string
  readonly epoch: string
  readonly worker_status: string
  readonly health_status: string
  readonly health_info: object
  readonly error_count: number
  readonly last_error: string | null
  readonly alert: boolean
  readonly manager_id: string | null
  readonly started_at: Date
  readonly last_heartbeat: Date
}

interface ManagerRow {
  readonly id: string
  readonly cluster: string
  readonly node: string
  readonly started_at: Date
  readonly last_heartbeat: Date
}

const encodeReport = Schema.encodeSync(WorkerReport)
const decodeRuntime = Schema.decodeUnknown(CameraRuntime)
const decodeManager = Schema.decodeUnknown(CameraManager)

const toRuntime = ({ manager_id, ...row }: RuntimeRow) =>
  decodeRuntime({
    ...row,
    epoch: Number(row.epoch),
    started_at: row.started_at.toISOString(),
    last_heartbeat: row.last_heartbeat.toISOString()
  })

const toManager = (row: ManagerRow) =>
  decodeManager({
    id: row.id,
    cluster: row.cluster,
    node: row.node,
    startedAt: row.started_at.toISOString(),
    lastHeartbeat: row.last_heartbeat.toISOString()
  })

const columns = (sql: SqlClient) =>
  sql.literal(
    "camera_id, worker, pod_name, epoch, worker_status, health_status, health_info, error_count, last_error, alert, manager_id, started_at, last_heartbeat"
  )

const beat = (sql: SqlClient, { cluster, id, node }: ManagerIdentity) =>
  sql`insert into camera_managers (id, cluster, node) values (${id}, ${cluster}, ${node})
    on conflict (id) do update set last_heartbeat = now()`

/**
 * Rows of actors, all in one statement. A row of an epoch that is over is left out, whether the newer actor has written its own row already or only
 * taken its epoch.
 */
const writeRows = (sql: SqlClient, { id }: ManagerIdentity, changed: ReadonlyArray<WorkerReport>) => sql<{
  readonly camera_id: CameraId
}>`
  with given as (
    select * from jsonb_to_recordset(${JSON.stringify(changed.map((report) => encodeReport(report)))}::jsonb) as given (
      camera_id uuid, worker text, pod_name text, epoch bigint, worker_status text, health_status text, health_info jsonb,
      error_count integer, last_error text, alert boolean)
  )
  insert into camera_runtime as kept
    (camera_id, worker, tenant_id, pod_name, epoch, worker_status, health_status, health_info, error_count, last_error, alert, manager_id)
  select given.camera_id, given.worker, cameras.tenant_id, given.pod_name, given.epoch, given.worker_status, given.health_status,
    given.health_info, given.error_count, given.last_error, given.alert, ${id}
  from given join cameras on cameras.id = given.camera_id
  where not exists (select from camera_epochs e where e.camera_id = given.camera_id and e.epoch > given.epoch)
  order by given.camera_id
  on conflict (camera_id, worker) do update set
    pod_name = excluded.pod_name, epoch = excluded.epoch, worker_status = excluded.worker_status,
    health_status = excluded.health_status, health_info = excluded.health_info, error_count = excluded.error_count,
    last_error = excluded.last_error, alert = excluded.alert, manager_id = excluded.manager_id, last_heartbeat = now(),
    started_at = case when kept.pod_name <> excluded.pod_name or kept.epoch <> excluded.epoch
      or (kept.worker_status = 'stopped' and excluded.worker_status <> 'stopped') then now() else kept.started_at end
  where kept.epoch <= excluded.epoch
  returning camera_id`

const make = Effect.map(Database, (database) => {
  const managers = database.system("list camera managers", (sql) =>
    Effect.flatMap(
      sql<ManagerRow>`select * from camera_managers where last_heartbeat > now() - interval '1 day' order by node, id`,
      Effect.forEach(toManager)
    )
  )

  const readRows = (tenant: TenantId) =>
    database.tenant("read the runtime table", tenant, (sql) =>
      Effect.gen(function* () {
        const rows = yield* sql<RuntimeRow>`select ${columns(sql)} from camera_runtime order by camera_id, worker`
        const [clock] = yield* sql<{ readonly at: Date }>`select clock_timestamp() as at`
        const kept = yield* Effect.forEach(rows, (row) =>
          Effect.map(toRuntime(row), (runtime) => ({ runtime, manager: row.manager_id }))
        )
        return { at: clock === undefined ? yield* DateTime.now : DateTime.unsafeFromDate(clock.at), kept }
      })
    )

  return RuntimeTable.of({
    report: (manager, changed) =>
      database.system("write the runtime table", (sql) =>
        Effect.gen(function* () {
          yield* beat(sql, manager)
          if (changed.length === 0) return []
          const kept = new Set((yield* writeRows(sql, manager, changed)).map(({ camera_id }) => camera_id))
          return changed.map(({ cameraId }) => cameraId).filter((id) => !kept.has(id))
        })
      ),

    leave: (id) =>
      Effect.asVoid(
        database.system("leave the runtime table", (sql) =>
          Effect.zipRight(
            sql`update camera_runtime set worker_status = 'stopped', health_status = 'unknown', manager_id = null, last_heartbeat = now()
              where manager_id = ${id}`,
            sql`delete from camera_managers where id = ${id} or last_heartbeat < now() - interval '7 days'`
          )
        )
      ),

    heartbeat: (tenant, cameraId, heartbeat) =>
      database.tenant("note heartbeat", tenant, (sql) =>
        Effect.gen(function* () {
          // The camera's row is held, so that heartbeats of one camera come one after another.
          const [camera] = yield* sql`select id from cameras where id = ${cameraId} for no key update`
          if (camera === undefined) return yield* new CameraNotFound({ cameraId })
          const [row] = yield* sql<RuntimeRow>`
            select ${columns(sql)} from camera_runtime where camera_id = ${cameraId} and worker = 'external'`
          const before = row === undefined ? undefined : yield* toRuntime(row)
          const report = afterHeartbeat(cameraId, before, heartbeat)
          const { health_info, ...values } = encodeReport(report)
          const [kept] = yield* sql<RuntimeRow>`insert into camera_runtime ${sql.insert({
            ...values,
            health_info: JSON.stringify(health_info),
            tenant_id: tenant,
            ...(before === undefined || startsAnew(before, report) ? {} : { started_at: DateTime.toDateUtc(before.startedAt) })
          })} on conflict (camera_id, worker) do update set
            pod_name = excluded.pod_name, worker_status = excluded.worker_status, health_status = excluded.health_status,
            health_info = excluded.health_info, error_count = excluded.error_count, last_error = excluded.last_error,
            alert = excluded.alert, started_at = excluded.started_at, last_heartbeat = now()
            returning ${columns(sql)}`
          const after = yield* toRuntime(
            yield* Effect.mapError(Effect.fromNullable(kept), () => new CameraNotFound({ cameraId }))
          )
          return { before, after }
        })
      ),

    list: (tenant) =>
      Effect.gen(function* () {
        // Managers are no tenant's, so they are read under another role.
        const beats = new Map((yield* managers).map(({ id, lastHeartbeat }) => [String(id), lastHeartbeat]))
        const { at, kept } = yield* readRows(tenant)
        const rows = kept.map(({ manager, runtime }) => {
          const beaten = runtime.workerStatus === "stopped" ? undefined : beats.get(manager ?? "")
          return beaten === undefined ? runtime : { ...runtime, lastHeartbeat: DateTime.max(runtime.lastHeartbeat, beaten) }
        })
        return { at, rows }
      }),

    managers
  })
})

export const layerRuntimeTablePostgres: Layer.Layer<RuntimeTable, never, Database> = Layer.effect(RuntimeTable, make)
