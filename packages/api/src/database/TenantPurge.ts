import type { SqlClient } from "@effect/sql/SqlClient"
import type { TenantId } from "@vigil/core/Ids"
import { Effect } from "effect"
import { removeCameraRows } from "./CameraChanges.js"

/**
 * What stays of a removed tenant, beside its trail and what else nobody may delete: the epochs, by which a late actor learns that it is over, and messages
 * that its removed cameras leave behind, which go when they are published.
 */
const kept = ["tenants", "camera_epochs", "outbox"]

/** Rows of one transaction. */
const mostRows = 2000
const mostCameras = 200

interface Reference {
  readonly table: string
  readonly refers_to: string | null
}

/** Every table with rows of tenants that may be deleted, and which of the others it refers to. Names are quoted. */
const references = (sql: SqlClient) => sql<Reference>`
  select quote_ident(c.relname) as "table", quote_ident(r.relname) as refers_to
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
  left join pg_constraint f on f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid
  left join pg_class r on r.oid = f.confrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege('vigil_system', c.oid, 'delete')
  order by 1, 2`

/** Tables before those that they refer to. */
const inOrder = (all: ReadonlyArray<Reference>): ReadonlyArray<string> => {
  const left = new Set(all.map(({ table }) => table).filter((table) => !kept.includes(table)))
  const order: Array<string> = []
  while (left.size > 0) {
    const referred = new Set(all.filter(({ table }) => left.has(table)).map(({ refers_to }) => refers_to))
    const free = [...left].filter((table) => !referred.has(table))
    for (const table of free.length > 0 ? free : left) {
      order.push(table)
      left.delete(table)
    }
  }
  return order
}

const removeRows = (sql: SqlClient, table: string, tenant: TenantId) =>
  table === "cameras"
    ? removeCameraRows(sql, tenant, mostCameras)
    : Effect.map(
        sql.unsafe(
          `delete from ${table} where ctid = any (array(select ctid from ${table} where tenant_id = $1 limit ${mostRows})) returning 1`,
          [tenant]
        ),
        ({ length }) => length
      )

/** Some rows of the tenants that were removed, not more than a transaction takes; answers how many, 0 where nothing is left. */
export const purgeStep = (sql: SqlClient) =>
  Effect.gen(function* () {
    const [tenant] = yield* sql<{ readonly id: TenantId }>`select id from tenants
      where removed_at is not null and purged_at is null order by removed_at limit 1 for no key update skip locked`
    if (tenant === undefined) return 0
    let removed = 0
    for (const table of inOrder(yield* references(sql))) {
      removed += yield* removeRows(sql, table, tenant.id)
      if (removed >= mostCameras) return removed
    }
    if (removed === 0) yield* sql`update tenants set purged_at = now() where id = ${tenant.id}`
    return removed
  })
