import type { SqlClient } from "@effect/sql/SqlClient"
import { chainEntry, type ChainEnd, chainStart } from "@vigil/core/AuditChain"
import { AuditEntry } from "@vigil/core/AuditEntry"
import { Effect, Schema } from "effect"
import { fromHexadecimal, said, type SaidRow } from "../AuditRow.js"
import type { Migration } from "../Migration.js"

const batch = 500

const decodeSaid = Schema.decodeUnknown(
  Schema.encodedSchema(Schema.Struct(AuditEntry.fields).omit("hash", "previousHash", "sequence"))
)

/** Chains what there is of a tenant's trail, as it is: what was changed before cannot be known. */
const chainTrail = (sql: SqlClient, tenant: string) =>
  Effect.gen(function* () {
    let end: ChainEnd = chainStart
    for (;;) {
      const rows = yield* sql<SaidRow>`select * from audit_entries
        where tenant_id = ${tenant} and sequence > ${end.sequence} order by sequence limit ${batch}`
      if (rows.length === 0) break
      const chained: Array<object> = []
      for (const row of rows) {
        const { hash, previousHash, sequence } = chainEntry(end, yield* decodeSaid(said(row)))
        chained.push({ sequence, previous: previousHash, hash })
        end = { sequence, hash }
      }
      yield* sql`update audit_entries set previous_hash = decode(previous, 'hex'), hash = decode(made.hash, 'hex')
        from jsonb_to_recordset(${JSON.stringify(chained)}::jsonb) as made (sequence bigint, previous text, hash text)
        where tenant_id = ${tenant} and audit_entries.sequence = made.sequence`
    }
    yield* sql`update tenants set audit_hash = ${fromHexadecimal(end.hash)} where id = ${tenant}`
  })

/** No role changes or deletes entries, not even the tables' owner unless he takes these triggers away; and then the chain shows it. */
const kept = [
  `create function audit_entries_are_kept() returns trigger language plpgsql as $$
   begin raise exception 'entries of the audit trail are neither changed nor deleted'; end $$`,
  `create trigger kept before update or delete on audit_entries for each row execute function audit_entries_are_kept()`,
  `create trigger kept_whole before truncate on audit_entries for each statement execute function audit_entries_are_kept()`
]

export const auditChain: Migration = {
  id: 13,
  name: "chain of the audit trail",
  statements: [
    `alter table tenants add column audit_hash bytea not null default decode('${chainStart.hash}', 'hex') check (length(audit_hash) = 32)`,
    `alter table audit_entries add column previous_hash bytea check (length(previous_hash) = 32)`,
    `alter table audit_entries add column hash bytea check (length(hash) = 32)`
  ],
  finish: (sql) =>
    Effect.gen(function* () {
      const tenants = yield* sql<{ readonly id: string }>`select id from tenants`
      yield* Effect.forEach(tenants, ({ id }) => chainTrail(sql, id), { discard: true })
      yield* sql`alter table audit_entries alter column previous_hash set not null, alter column hash set not null`
      yield* Effect.forEach(kept, (statement) => sql.unsafe(statement), { discard: true })
    })
}
