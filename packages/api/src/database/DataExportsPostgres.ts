import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import type { TenantId, UserId } from "@vigil/core/Ids"
import { DataExports, type ExportPage } from "@vigil/core/port/DataExports"
import { Effect, Layer, Option, Stream } from "effect"
import { Database } from "./Database.js"

/** Rows of one question, and of one file. */
const pageSize = 2000

/** What the program does for itself: answers that are kept for repetitions, messages that are still to be published. */
const ownBusiness: ReadonlySet<string> = new Set(["idempotency_keys", "outbox"])

/**
 * What proves or opens something. Secrets are kept as bytes, sealed or hashed, and no bytes are handed out at all; these are the names of those that are kept
 * as text.
 */
const secretName = /(^|_)(hash|secret|password|token|otp|totp|nonce|verifier|private)(_|$)/

interface Column {
  readonly name: string
  readonly type: string
}

interface Table {
  readonly name: string
  readonly columns: ReadonlyArray<Column>
  /** Its primary key; empty where it has none. */
  readonly key: ReadonlyArray<Column>
}

/** Every table that has a tenant's rows is isolated by row-level security; a new one is handed out without a line here. */
const findTables = (sql: SqlClient) =>
  sql<Table>`
    select c.relname as name,
      (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
         from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
      coalesce((select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by k.place)
         from pg_index i cross join unnest(i.indkey) with ordinality as k (attnum, place)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
         where i.indrelid = c.oid and i.indisprimary), '[]') as key
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity and has_table_privilege(c.oid, 'select')
    order by c.relname`

const isTold = ({ name, type }: Column): boolean => type !== "bytea" && !secretName.test(name)

const aboutPeople: ReadonlySet<string> = new Set(["users", "audit_entries", "erasures"])

const isAboutPeople = ({ columns, name }: Table): boolean =>
  aboutPeople.has(name) || columns.some((column) => column.name === "user_id")

/** The user's own rows of a table that is about people. */
const ofPerson = (sql: SqlClient, { name }: Table, user: UserId): Fragment => {
  if (name === "users") return sql`t.id = ${user}`
  if (name === "audit_entries") return sql`(t.actor_id = ${user} or (t.subject_type = 'user' and t.subject_id = ${user}::text))`
  return name === "erasures" ? sql`t.requested_by = ${user}` : sql`t.user_id = ${user}`
}

interface PageStart {
  readonly table: Table
  /** The key of the row before; undefined at first. */
  readonly after: ReadonlyArray<string> | undefined
}

/** Where a table has no key, where its rows lie stands for one. */
const keyOf = ({ key }: Table): ReadonlyArray<Column> => (key.length > 0 ? key : [{ name: "ctid", type: "tid" }])

/** The rows are chosen first, by their key alone, and only those are made JSON of. */
const readPage = (sql: SqlClient, { after, table }: PageStart, only: Fragment) =>
  Effect.gen(function* () {
    const key = keyOf(table)
    const keys = sql.csv(key.map(({ name }) => sql`t.${sql(name)}`))
    const told = table.columns.filter(isTold).map(({ name }) => sql`t.${sql(name)}`)
    const before = (after ?? []).map((value, index) => sql`${value}::${sql.literal(key[index]?.type ?? "text")}`)
    const columns = sql.csv([...(table.key.length > 0 ? [] : [sql`t.ctid`]), sql`t.*`])
    const rows = yield* sql<{ readonly row: string; readonly key: ReadonlyArray<string> }>`
      select (select to_jsonb(s) from (select ${sql.csv(told)}) s)::text as row,
        array[${sql.csv(key.map(({ name }) => sql`t.${sql(name)}::text`))}] as key
      from (select ${columns} from ${sql(table.name)} t
        where ${only} and ${after === undefined ? sql`true` : sql`(${keys}) > (${sql.csv(before)})`}
        order by ${keys} limit ${pageSize}) t
      order by ${keys}`
    const next = rows.length < pageSize ? undefined : rows.at(-1)?.key
    const page: ExportPage = { table: table.name, rows: rows.map(({ row }) => row) }
    return [page, Option.fromNullable(next)] as const
  })

const firstOf = (table: Table): PageStart => ({ table, after: undefined })

const make = Effect.map(Database, (database) => {
  const pagesOf = (tenant: TenantId, table: Table, only: (sql: SqlClient) => Fragment) =>
    Stream.paginateEffect(firstOf(table), (place) =>
      Effect.map(
        database.tenant("read what is kept", tenant, (sql) => readPage(sql, place, only(sql))),
        ([page, next]) => [page, Option.map(next, (after): PageStart => ({ table, after }))] as const
      )
    ).pipe(Stream.filter(({ rows }) => rows.length > 0))

  const tables = (tenant: TenantId) =>
    Stream.fromIterableEffect(database.tenant("look for what is kept", tenant, findTables)).pipe(
      Stream.filter(({ name }) => !ownBusiness.has(name))
    )

  return DataExports.of({
    ofTenant: (tenant) => Stream.flatMap(tables(tenant), (table) => pagesOf(tenant, table, (sql) => sql`true`)),
    ofUser: (tenant, user) =>
      Stream.flatMap(tables(tenant), (table) =>
        isAboutPeople(table) ? pagesOf(tenant, table, (sql) => ofPerson(sql, table, user)) : Stream.empty
      )
  })
})

export const layerDataExportsPostgres: Layer.Layer<DataExports, never, Database> = Layer.effect(DataExports, make)
