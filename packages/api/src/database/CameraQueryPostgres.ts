import type { SqlClient } from "@effect/sql/SqlClient"
import type { CameraCursor, CameraQuery } from "@vigil/core/CameraQuery"
import type { CameraId, TenantId } from "@vigil/core/Ids"

const columns = { name: "sort_name", created: "created_at", updated: "updated_at" } as const

/** `%` and `_` stand for themselves. */
const contains = (text: string): string => `%${text.replace(/[\\%_]/g, "\\$&")}%`

const keyOf = ({ key }: CameraCursor): string | Date => (typeof key === "number" ? new Date(key) : key)

const conditions = (sql: SqlClient, tenant: TenantId, query: CameraQuery, among: ReadonlyArray<CameraId> | undefined) => {
  const all = [sql`tenant_id = ${tenant}`]
  if (query.search !== undefined) {
    const pattern = contains(query.search)
    all.push(sql`(name ilike ${pattern} or configuration ->> 'url' ilike ${pattern} or exists (
      select 1 from jsonb_array_elements_text(
        coalesce(configuration -> 'tags', '[]') || coalesce(configuration -> 'groups', '[]')
      ) as label (word) where word ilike ${pattern}))`)
  }
  if (query.name !== undefined) all.push(sql`sort_name = lower(${query.name})`)
  if (query.enabled !== undefined) all.push(sql`(configuration ->> 'enabled')::boolean = ${query.enabled}`)
  if (query.edge !== undefined) all.push(sql`configuration ->> 'edge' = ${query.edge}`)
  if (query.tag !== undefined) all.push(sql`configuration -> 'tags' @> ${JSON.stringify([query.tag])}::jsonb`)
  if (query.group !== undefined) all.push(sql`configuration -> 'groups' @> ${JSON.stringify([query.group])}::jsonb`)
  if (query.placeId !== undefined) {
    all.push(sql`place_id in (
      with recursive within as (
        select id from places where id = ${query.placeId}
        union all select p.id from places p join within w on p.parent_id = w.id
      ) select id from within)`)
  }
  if (query.placed !== undefined) all.push(query.placed ? sql`place_id is not null` : sql`place_id is null`)
  if (query.scheme !== undefined) all.push(sql`starts_with(configuration ->> 'url', ${`${query.scheme}:`})`)
  if (among !== undefined) {
    all.push(sql`id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(among)}::jsonb))`)
  }
  return all
}

const beyondCursor = (sql: SqlClient, query: CameraQuery, cursor: CameraCursor | undefined) => {
  if (cursor === undefined) return []
  const beyond = sql.literal(query.descending ? "<" : ">")
  return [sql`(${sql(columns[query.sort])}, id) ${beyond} (${keyOf(cursor)}, ${cursor.id}::uuid)`]
}

/** How many cameras are on all pages. */
export const countStatement = (sql: SqlClient, tenant: TenantId, query: CameraQuery, among?: ReadonlyArray<CameraId>) =>
  sql<{ readonly total: number }>`select count(*)::int as total from cameras
    where ${sql.and(conditions(sql, tenant, query, among))}`

/** A camera in a list. */
export interface PageRow {
  readonly id: CameraId
  readonly tenant_id: TenantId
  readonly name: string
  readonly sort_name: string
  /** JSON. */
  readonly configuration: string
  readonly has_credentials: boolean
  readonly revision: number
  readonly created_at: Date
  readonly updated_at: Date
}

interface PageBounds {
  /** Where the page before ended. */
  readonly after: CameraCursor | undefined
  readonly among?: ReadonlyArray<CameraId> | undefined
}

/** The rows of a page, and one more where there are more. */
export const pageStatement = (sql: SqlClient, tenant: TenantId, query: CameraQuery, { after, among }: PageBounds) => {
  const direction = sql.literal(query.descending ? "desc" : "asc")
  return sql<PageRow>`select id, tenant_id, name, sort_name, configuration::text as configuration, credentials is not null as has_credentials,
      revision, created_at, updated_at
    from cameras where ${sql.and([...conditions(sql, tenant, query, among), ...beyondCursor(sql, query, after)])}
    order by tenant_id ${direction}, ${sql(columns[query.sort])} ${direction}, id ${direction} limit ${query.limit + 1}`
}
