import type { SqlClient } from "@effect/sql/SqlClient"
import { edgeCreated, edgeRevoked, edgeTokenRenewed } from "@vigil/core/AuditChanges"
import type { Edge } from "@vigil/core/Edge"
import { type CameraId, EdgeId, Epoch, type TenantId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { EdgeNameTaken, EdgeNotFound, EdgeStore } from "@vigil/core/port/EdgeStore"
import { DateTime, Effect, Layer, Option } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { changeFeed } from "./ChangeFeed.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"
import { lastly } from "./Transaction.js"

const channel = "vigil_edges"
const pollInterval = 2000

interface EdgeRow {
  readonly id: EdgeId
  readonly tenant_id: TenantId
  readonly name: NodeName
  readonly created_at: Date
  readonly last_seen: Date | null
  readonly version: string | null
}

interface CameraRow {
  readonly camera_id: CameraId
  readonly edge_id: EdgeId
  readonly edge_name: NodeName | null
  readonly enabled: boolean
  readonly revision: number
  readonly epoch: string | null
  readonly silence: number | null
}

const toEdge = ({ created_at, id, last_seen, name, version }: EdgeRow): Edge => ({
  id,
  name,
  createdAt: DateTime.unsafeFromDate(created_at),
  lastSeen: last_seen === null ? null : DateTime.unsafeFromDate(last_seen),
  version
})

const one = (rows: ReadonlyArray<EdgeRow>, edgeId: EdgeId) =>
  Effect.map(
    Effect.mapError(Effect.fromNullable(rows[0]), () => new EdgeNotFound({ edgeId })),
    toEdge
  )

/** Whoever has connections of edges looks again whether they count. */
export const tellEdgesChanged = (sql: SqlClient) => sql`select pg_notify(${channel}, 'all')`

const tell = (sql: SqlClient, id: EdgeId) => sql`select pg_notify(${channel}, ${id})`

const make = Effect.gen(function* () {
  const database = yield* Database

  const fingerprint = database.system("look for changed edges", (sql) =>
    Effect.map(
      lastly(
        sql<{
          readonly mark: string
        }>`select md5(string_agg(id::text || encode(token_hash, 'hex'), ' ' order by id)) as mark from edges`
      ),
      ([row]) => row?.mark ?? ""
    )
  )

  return EdgeStore.of({
    list: (tenant) =>
      database.tenant("list edges", tenant, (sql) =>
        Effect.map(sql<EdgeRow>`select * from edges order by name`, (rows) => rows.map(toEdge))
      ),

    create: (tenant, { name }, tokenHash) =>
      database.tenant("make edge", tenant, (sql) =>
        Effect.gen(function* () {
          const id = EdgeId.make(crypto.randomUUID())
          const rows = yield* sql<EdgeRow>`insert into edges (id, tenant_id, name, token_hash, created_at)
            values (${id}, ${tenant}, ${name}, ${tokenHash}, ${DateTime.toDateUtc(yield* DateTime.now)})
            on conflict (tenant_id, name) do nothing returning *`
          const edge = yield* Effect.mapError(one(rows, id), () => new EdgeNameTaken({ name }))
          yield* writeAudit(sql, tenant, edgeCreated(edge))
          yield* tell(sql, id)
          return edge
        })
      ),

    renew: (tenant, id, tokenHash) =>
      database.tenant("renew edge token", tenant, (sql) =>
        Effect.gen(function* () {
          const edge = yield* one(
            yield* sql<EdgeRow>`update edges set token_hash = ${tokenHash} where id = ${id} returning *`,
            id
          )
          yield* writeAudit(sql, tenant, edgeTokenRenewed(edge))
          yield* tell(sql, id)
          return edge
        })
      ),

    remove: (tenant, id) =>
      database.tenant("revoke edge", tenant, (sql) =>
        Effect.gen(function* () {
          const edge = yield* one(yield* sql<EdgeRow>`delete from edges where id = ${id} returning *`, id)
          yield* writeAudit(sql, tenant, edgeRevoked(edge))
          yield* tell(sql, id)
        })
      ),

    find: (tokenHash) =>
      database.system("find edge", (sql) =>
        Effect.map(
          sql<EdgeRow & { readonly tenant_name: string }>`select e.*, t.name as tenant_name from edges e
            join tenants t on t.id = e.tenant_id where e.token_hash = ${tokenHash} and ${isServed(sql)}`,
          ([row]) =>
            Option.map(Option.fromNullable(row), ({ id, name, tenant_id, tenant_name }) => ({
              id,
              name,
              tenantId: tenant_id,
              tenantName: tenant_name
            }))
        )
      ),

    cameras: database.system("list cameras of edges", (sql) =>
      Effect.map(
        lastly(sql<CameraRow>`select c.id as camera_id, (c.configuration ->> 'edge')::uuid as edge_id, e.name as edge_name,
            (c.configuration ->> 'enabled')::boolean as enabled, c.revision, greatest(l.epoch, l.reported_epoch) as epoch,
            (extract(epoch from now() - e.last_seen) * 1000)::float8 as silence
          from cameras c
          left join edges e on e.id = (c.configuration ->> 'edge')::uuid and e.tenant_id = c.tenant_id
          left join camera_epochs l on l.camera_id = c.id
          where c.configuration ->> 'edge' is not null`),
        (rows) =>
          rows.map(({ camera_id, edge_id, edge_name, enabled, epoch, revision, silence }) => ({
            cameraId: camera_id,
            edgeId: edge_id,
            edgeName: edge_name ?? undefined,
            enabled,
            revision,
            epoch: Epoch.make(Number(epoch ?? 0)),
            silence: silence ?? undefined
          }))
      )
    ),

    seen: ({ id, tenantId }, version, epochs) =>
      database.system("note edge", (sql) =>
        Effect.gen(function* () {
          yield* sql`update edges set last_seen = now(), version = ${version} where id = ${id}`
          if (epochs.size === 0) return
          yield* sql`insert into camera_epochs (camera_id, tenant_id, epoch, reported_epoch)
            select key::uuid, ${tenantId}, 0, value::bigint from jsonb_each_text(${JSON.stringify(Object.fromEntries(epochs))}::jsonb)
            on conflict (camera_id) do update set reported_epoch = excluded.reported_epoch
            where camera_epochs.reported_epoch < excluded.reported_epoch`
        })
      ),

    newestEpoch: (camera) =>
      database.system("read the newest epoch", (sql) =>
        Effect.map(
          sql<{ readonly epoch: string }>`
            select greatest(epoch, reported_epoch) as epoch from camera_epochs where camera_id = ${camera}`,
          ([row]) => Epoch.make(Number(row?.epoch ?? 0))
        )
      ),

    logEnd: (camera) =>
      database.system("read the end of a log", (sql) =>
        Effect.map(
          sql<{ readonly epoch: string; readonly last_sequence: string }>`
            select epoch, last_sequence from camera_epochs where camera_id = ${camera}`,
          ([row]) => ({ epoch: Epoch.make(Number(row?.epoch ?? 0)), sequence: Number(row?.last_sequence ?? 0) })
        )
      ),

    changes: yield* changeFeed(database.connection, channel, fingerprint, pollInterval)
  })
})

export const layerEdgeStorePostgres: Layer.Layer<EdgeStore, never, Database> = Layer.scoped(EdgeStore, make)
