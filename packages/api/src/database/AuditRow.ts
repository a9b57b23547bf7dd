import { AuditEntry } from "@vigil/core/AuditEntry"
import { Schema } from "effect"

/** What an entry says, as it is stored. */
export interface SaidRow {
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

export interface AuditRow extends SaidRow {
  readonly previous_hash: Uint8Array
  readonly hash: Uint8Array
}

export const toHexadecimal = (hash: Uint8Array): string => Buffer.from(hash).toString("hex")

export const fromHexadecimal = (hash: string): Uint8Array => Buffer.from(hash, "hex")

const decodeEntry = Schema.decodeUnknown(AuditEntry)

export const said = (row: SaidRow) => ({
  tenantId: row.tenant_id,
  at: row.at.toISOString(),
  actor: { id: row.actor_id, username: row.actor_name },
  address: row.address,
  action: row.action,
  subject: { type: row.subject_type, id: row.subject_id },
  before: row.old_values,
  after: row.new_values
})

export const toEntry = (row: AuditRow) =>
  decodeEntry({
    ...said(row),
    sequence: Number(row.sequence),
    previousHash: toHexadecimal(row.previous_hash),
    hash: toHexadecimal(row.hash)
  })
