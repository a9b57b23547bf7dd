import { Schema } from "effect"
import { AuditHash } from "./AuditEntry.js"

/** An entry of the trail by its number and hash: noted elsewhere, it proves later that nothing up to there was written anew. */
export const AuditMark = Schema.Struct({ sequence: Schema.Int.pipe(Schema.nonNegative()), hash: AuditHash }).annotations({
  identifier: "AuditMark"
})
export type AuditMark = typeof AuditMark.Type

/** The first entry that is not as it was written. */
export const AuditBreak = Schema.Struct({
  kind: Schema.Literal("changed", "removed", "inserted"),
  sequence: Schema.Int.pipe(Schema.positive()),
  detail: Schema.String
}).annotations({ identifier: "AuditBreak" })
export type AuditBreak = typeof AuditBreak.Type

export const AuditVerification = Schema.Struct({
  /** How many entries follow each other without a fault. */
  entries: Schema.Int.pipe(Schema.nonNegative()),
  /** The last of them. */
  mark: AuditMark,
  /** Null: the trail is whole. */
  broken: Schema.NullOr(AuditBreak)
}).annotations({ identifier: "AuditVerification" })
export type AuditVerification = typeof AuditVerification.Type
