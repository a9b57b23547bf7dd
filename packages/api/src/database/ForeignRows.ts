import type { SqlClient } from "@effect/sql/SqlClient"
import type { TenantId } from "@vigil/core/Ids"
import { Effect } from "effect"

/** A table of tenants' things that have an id. Names are quoted. */
interface IdTable {
  readonly name: string
  readonly tenant: string
  readonly key: string
}

/** All of them, by the catalogue, so that none is forgotten; those where the id is only that of another table's row come first. */
const idTables = (sql: SqlClient) => sql<IdTable>`
  select quote_ident(c.relname) as name, quote_ident(k.attname) as key, case c.relname when 'tenants' then 'id' else 'tenant_id' end as tenant
  from pg_class c
  join pg_index i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
  join pg_attribute k on k.attrelid = c.oid and k.attnum = i.indkey[0] and k.atttypid = 'uuid'::regtype and k.attname <> 'tenant_id'
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and (c.relname = 'tenants' or exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped))
  order by k.attname = 'id', c.relname`

/** Which of the ids are of another tenant's things, and in which table. */
export const findForeign = (sql: SqlClient, tenant: TenantId, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const statement = (yield* idTables(sql))
      .map(
        ({ key, name, tenant: of }) =>
          `select '${name}' as "table", ${key}::text as id from ${name}
           where ${of} <> $1::uuid and ${key} in (select value::uuid from jsonb_array_elements_text($2::jsonb))`
      )
      .join(" union all ")
    const rows = yield* sql.unsafe<{ readonly table: string; readonly id: string }>(statement, [tenant, JSON.stringify(ids)])
    return [...new Map(rows.map((row) => [row.id, row])).values()]
  })
