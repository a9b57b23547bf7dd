import type { SqlClient } from "@effect/sql/SqlClient"
import { formAround, verifyChain } from "@vigil/core/AuditChain"
import { type AuditAction, AuditChange, auditPage, type AuditQuery } from "@vigil/core/AuditEntry"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import type { TenantId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { VersionConflict } from "@vigil/core/ObjectHistory"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { asRollback, RollbackTo, versionedTypeOf } from "@vigil/core/Rollback"
import { versionTrails } from "@vigil/core/VersionedType"
import { Array, DateTime, Effect, Layer, Option, Schema } from "effect"
import { type AuditRow, toEntry, toHexadecimal } from "./AuditRow.js"
import { Database } from "./Database.js"
import { lastly, soon } from "./Transaction.js"

const encodeChange = Schema.encode(AuditChange)
const plainChange = Schema.parseJson(Schema.encodedSchema(AuditChange))

/** As it will be read again: what has no place in JSON is gone. */
const plain = (change: AuditChange) =>
  Effect.flatMap(encodeChange(change), (encoded) => Schema.decode(plainChange)(JSON.stringify(encoded)))

interface TrailEnd {
  readonly audit_sequence: string
  readonly audit_hash: Uint8Array
}

/** Entries that one statement adds. */
const written = 200

/** A change as `append_audit` takes it; nothing has its place in the chain yet. */
const encodeEntry = (tenantId: TenantId, change: AuditChange) =>
  Effect.gen(function* () {
    const { address, id, username } = yield* ChangeAuthor
    const { action, after, before, subject } = yield* plain(asRollback(change, yield* RollbackTo))
    const at = DateTime.formatIso(yield* DateTime.now)
    return {
      ...formAround({ tenantId, at, actor: { id, username }, address, action, subject, before, after }),
      at,
      actor_id: id,
      actor_name: username,
      address,
      action,
      subject_type: subject.type,
      subject_id: subject.id,
      old_values: before,
      new_values: after
    }
  })

/** Adds the entries of changes by the context's author, each chained to the one before; answers them. None where there is no such tenant. */
const append = (sql: SqlClient, tenantId: TenantId, changes: ReadonlyArray<AuditChange>) =>
  Effect.flatMap(
    Effect.forEach(changes, (change) => encodeEntry(tenantId, change)),
    (entries) => sql<AuditRow>`select * from append_audit(${tenantId}, ${JSON.stringify(entries)}::jsonb)`
  )

/**
 * Nobody may have been faster than a change that goes back. Whoever changes an object holds it until the transaction ends, so nothing comes after this. What is found
 * ends the transaction as a defect, which whoever decided to go back expects: no other change can meet it.
 */
const checkGoingBack = (sql: SqlClient, tenantId: TenantId, change: AuditChange) =>
  Effect.gen(function* () {
    const back = yield* RollbackTo
    const type = versionedTypeOf(change)
    if (back === null || Option.isNone(type) || back.decidedAt.tenant !== tenantId) return
    const { actions, subject } = versionTrails[type.value]
    const { revision, sequence } = back.decidedAt
    const { id } = change.subject
    const [newer] = yield* sql<{ readonly count: number }>`select count(*)::int as count from audit_entries
      where tenant_id = ${tenantId} and subject_type = ${subject} and subject_id = ${id} and ${sql.in("action", actions)}
        and sequence > ${sequence}`
    if (newer === undefined || newer.count === 0) return
    return yield* Effect.die(new VersionConflict({ type: type.value, id, expected: revision, actual: revision + newer.count }))
  })

/**
 * Adds the entries of changes in the changes' own transaction. The last statements of it, where that can be: they make other changes of the tenant wait,
 * and sent together with the end of the transaction they do so for no longer than the server takes.
 */
export const writeAudits = (sql: SqlClient, tenantId: TenantId, changes: ReadonlyArray<AuditChange>) =>
  Effect.zipRight(
    Effect.forEach(changes, (change) => checkGoingBack(sql, tenantId, change), { discard: true }),
    soon(Effect.forEach(Array.chunksOf(changes, written), (some) => append(sql, tenantId, some), { discard: true }))
  )

/** Adds the entry of one change, as {@link writeAudits} does. */
export const writeAudit = (sql: SqlClient, tenantId: TenantId, change: AuditChange) => writeAudits(sql, tenantId, [change])

const conditions = (sql: SqlClient, query: AuditQuery, among: ReadonlyArray<AuditAction> | undefined) => {
  const all = [among === undefined ? sql`true` : sql.in("action", among)]
  if (query.actor !== undefined) all.push(sql`lower(actor_name) = lower(${query.actor})`)
  if (query.action !== undefined) all.push(sql`action = ${query.action}`)
  if (query.subjectId !== undefined) all.push(sql`subject_id = ${query.subjectId}`)
  if (query.from !== undefined) all.push(sql`at >= ${DateTime.toDateUtc(query.from)}`)
  if (query.to !== undefined) all.push(sql`at < ${DateTime.toDateUtc(query.to)}`)
  if (query.before !== undefined) all.push(sql`sequence < ${query.before}`)
  return sql.and(all)
}

/** Entries that are checked at a time. */
const verified = 200

const noTenant = (operation: string, tenant: TenantId) =>
  new StoreUnavailable({ operation, detail: `there is no tenant ${tenant}` })

const make = Effect.map(Database, (database) =>
  AuditStore.of({
    append: (tenant, change) =>
      database.tenant("add audit entry", tenant, (sql) =>
        append(sql, tenant, [change]).pipe(
          lastly,
          Effect.flatMap(([row]) => Effect.mapError(Effect.fromNullable(row), () => noTenant("add audit entry", tenant))),
          Effect.flatMap(toEntry)
        )
      ),

    query: (tenant, query, among) =>
      database.tenant("read audit trail", tenant, (sql) =>
        sql<AuditRow>`select * from audit_entries where ${conditions(sql, query, among)}
          order by sequence desc limit ${query.limit + 1}`.pipe(
          Effect.flatMap(Effect.forEach(toEntry)),
          Effect.map((found) => auditPage(found, query.limit))
        )
      ),

    verify: (tenant, noted) =>
      Effect.gen(function* () {
        const [trail] = yield* database.tenant(
          "read audit trail",
          tenant,
          (sql) => sql<TrailEnd & { readonly last: string | null }>`select audit_sequence, audit_hash,
            (select max(sequence) from audit_entries where tenant_id = tenants.id) as last from tenants`
        )
        if (trail === undefined) return yield* noTenant("check audit trail", tenant)
        const end = { sequence: Number(trail.audit_sequence), hash: toHexadecimal(trail.audit_hash) }
        const after = (sequence: number) =>
          database.tenant("read audit trail", tenant, (sql) =>
            Effect.flatMap(
              sql<AuditRow>`select * from audit_entries where sequence > ${sequence} order by sequence limit ${verified}`,
              Effect.forEach(toEntry)
            )
          )
        return yield* verifyChain({ end, last: Number(trail.last ?? 0), after }, noted)
      })
  })
)

export const layerAuditStorePostgres: Layer.Layer<AuditStore, never, Database> = Layer.effect(AuditStore, make)
