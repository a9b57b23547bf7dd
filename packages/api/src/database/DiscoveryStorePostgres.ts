import { discoveryCancelled, discoveryStarted } from "@vigil/core/AuditChanges"
import { asOf, Discovery } from "@vigil/core/Discovery"
import type { DiscoveryId } from "@vigil/core/Ids"
import { alreadyRunning, DiscoveryNotFound, DiscoveryStore, keptDiscoveries } from "@vigil/core/port/DiscoveryStore"
import { DateTime, Effect, Layer, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

interface DiscoveryRow {
  readonly document: unknown
}

const encode = Schema.encodeSync(Schema.parseJson(Discovery))
const decode = Schema.decodeUnknown(Discovery)

const columns = (discovery: Discovery) => ({
  state: discovery.state,
  updated_at: DateTime.toDateUtc(discovery.updatedAt),
  document: encode(discovery)
})

const read = ({ document }: DiscoveryRow) => Effect.zipWith(decode(document), DateTime.now, asOf)

const one = (rows: ReadonlyArray<DiscoveryRow>, id: DiscoveryId) =>
  Effect.flatMap(
    Effect.mapError(Effect.fromNullable(rows[0]), () => new DiscoveryNotFound({ discoveryId: id })),
    read
  )

const make = Effect.map(Database, (database) =>
  DiscoveryStore.of({
    add: (discovery) =>
      database.tenant("start discovery", discovery.tenantId, (sql) =>
        Effect.gen(function* () {
          // Two that start at the same time: one waits here, and then sees the other.
          yield* sql`select id from tenants where id = ${discovery.tenantId} for no key update`
          const newest = yield* sql<DiscoveryRow>`select document from discoveries order by started_at desc limit 1`
          const [last] = yield* Effect.forEach(newest, read)
          if (last?.state === "running") return yield* alreadyRunning()
          yield* sql`insert into discoveries ${sql.insert({
            id: discovery.id,
            tenant_id: discovery.tenantId,
            started_at: DateTime.toDateUtc(discovery.startedAt),
            ...columns(discovery)
          })}`
          yield* sql`delete from discoveries where id in (
            select id from discoveries order by started_at desc offset ${keptDiscoveries})`
          yield* writeAudit(sql, discovery.tenantId, discoveryStarted(discovery))
        })
      ),

    report: (discovery) =>
      database.tenant("report discovery", discovery.tenantId, (sql) =>
        Effect.map(
          sql`update discoveries set ${sql.update(columns(discovery))}
            where id = ${discovery.id} and state = 'running' returning id`,
          (rows) => rows.length > 0
        )
      ),

    cancel: (tenant, id) =>
      database.tenant("cancel discovery", tenant, (sql) =>
        Effect.gen(function* () {
          const found = yield* one(
            yield* sql<DiscoveryRow>`select document from discoveries where id = ${id} for no key update`,
            id
          )
          if (found.state !== "running") return found
          const cancelled = Discovery.make({ ...found, state: "cancelled" })
          yield* sql`update discoveries set ${sql.update(columns(cancelled))} where id = ${id}`
          yield* writeAudit(sql, tenant, discoveryCancelled(cancelled))
          return cancelled
        })
      ),

    get: (tenant, id) =>
      database.tenant("read discovery", tenant, (sql) =>
        Effect.flatMap(sql<DiscoveryRow>`select document from discoveries where id = ${id}`, (rows) => one(rows, id))
      ),

    list: (tenant) =>
      database.tenant("list discoveries", tenant, (sql) =>
        Effect.flatMap(sql<DiscoveryRow>`select document from discoveries order by started_at desc, id`, Effect.forEach(read))
      )
  })
)

/** Discoveries in PostgreSQL, so that any node tells of those that another runs, and cancels them. */
export const layerDiscoveryStorePostgres: Layer.Layer<DiscoveryStore, never, Database> = Layer.effect(DiscoveryStore, make)
