import type { SqlClient } from "@effect/sql/SqlClient"
import { type AuditChange, AuditEntry, auditPage, type AuditQuery } from "@vigil/core/AuditEntry"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import type { TenantId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Schema } from "effect"
import { Database } from "./Database.js"

interface AuditRow {
  readonly tenant_id: string
  readonly sequence: string
  readonly at: Date
  readonly actor_id: string | null
  readonly actor_name: string
  readonly address: string | null
  readonly action: string
  readonly subject_type: string
  readonly subject_id: string
  readonly old_values: object | null
  readonly new_values: object | null
}

const decodeEntry = Schema.decodeUnknown(AuditEntry)

const toEntry = (row: AuditRow) =>
  decodeEntry({
    tenantId: row.tenant_id,
    sequence: Number(row.sequence),
    at: row.at.toISOString(),
    actor: { id: row.actor_id, username: row.actor_name },
    address: row.address,
    action: row.action,
    subject: { type: row.subject_type, id: row.subject_id },
    before: row.old_values,
    after: row.new_values
  })

const json = (values: AuditChange["before"]): string | null => (values === null ? null : JSON.stringify(values))

/**
 * Adds the entry of a change in the change's own transaction, by the context's author. The last statement of its transaction, where
 * that can be: it makes other changes of the tenant wait.
 */
export const writeAudit = (sql: SqlClient, tenant: TenantId, { action, after, before, subject }: AuditChange) =>
  Effect.gen(function* () {
    const author = yield* ChangeAuthor
    const at = DateTime.toDateUtc(yield* DateTime.now)
    return yield* sql<AuditRow>`
      with next as (
        update tenants set audit_sequence = audit_sequence + 1 where id = ${tenant} returning id, audit_sequence
      )
      insert into audit_entries (tenant_id, sequence, at, actor_id, actor_name, address, action,
        subject_type, subject_id, old_values, new_values)
      select id, audit_sequence, ${at}::timestamptz, ${author.id}::uuid, ${author.username}::text, ${author.address}::text,
        ${action}::text, ${subject.type}::text, ${subject.id}::text, ${json(before)}::jsonb, ${json(after)}::jsonb
      from next returning *`
  })

const conditions = (sql: SqlClient, query: AuditQuery) => {
  const all = [sql`true`]
  if (query.actor !== undefined) all.push(sql`lower(actor_name) = lower(${query.actor})`)
  if (query.action !== undefined) all.push(sql`action = ${query.action}`)
  if (query.subjectId !== undefined) all.push(sql`subject_id = ${query.subjectId}`)
  if (query.from !== undefined) all.push(sql`at >= ${DateTime.toDateUtc(query.from)}`)
  if (query.to !== undefined) all.push(sql`at < ${DateTime.toDateUtc(query.to)}`)
  if (query.before !== undefined) all.push(sql`sequence < ${query.before}`)
  return sql.and(all)
}

const make = Effect.map(Database, (database) =>
  AuditStore.of({
    append: (tenant, change) =>
      database.tenant("add audit entry", tenant, (sql) =>
        writeAudit(sql, tenant, change).pipe(
          Effect.flatMap(([row]) =>
            Effect.mapError(
              Effect.fromNullable(row),
              () => new StoreUnavailable({ operation: "add audit entry", detail: `there is no tenant ${tenant}` })
            )
          ),
          Effect.flatMap(toEntry)
        )
      ),

    query: (tenant, query) =>
      database.tenant("read audit trail", tenant, (sql) =>
        sql<AuditRow>`select * from audit_entries where ${conditions(sql, query)}
          order by sequence desc limit ${query.limit + 1}`.pipe(
          Effect.flatMap(Effect.forEach(toEntry)),
          Effect.map((found) => auditPage(found, query.limit))
        )
      )
  })
)

export const layerAuditStorePostgres: Layer.Layer<AuditStore, never, Database> = Layer.effect(AuditStore, make)
