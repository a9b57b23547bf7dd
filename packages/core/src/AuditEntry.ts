import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"

/** What somebody did. */
export const AuditAction = Schema.Literal(
  "set-up",
  "sign-in",
  "sign-in.refused",
  "sign-out",
  "refresh-token.reused",
  "second-factor.enable",
  "second-factor.disable",
  "second-factor.codes",
  "second-factor.recover",
  "second-factor.refused",
  "sign-in-policy.update",
  "sign-in-policy.rollback",
  "signing-key.rotate",
  "camera.create",
  "camera.update",
  "camera.rollback",
  "camera.delete",
  "camera.restart",
  "camera.token.make",
  "camera.token.revoke",
  "worker.token.make",
  "worker.token.revoke",
  "api-key.create",
  "api-key.revoke",
  "edge.create",
  "edge.token",
  "edge.revoke",
  "edge.refused",
  "place.create",
  "place.update",
  "place.rollback",
  "place.delete",
  "settings.update",
  "settings.rollback",
  "model.create",
  "model.check",
  "model.activate",
  "model.deactivate",
  "model.rollback",
  "model.delete",
  "job.discard",
  "discovery.start",
  "discovery.cancel",
  "event.status",
  "event.tags",
  "event.ticket",
  "event.note",
  "user.create",
  "user.update",
  "user.rollback",
  "user.delete",
  "user.grants",
  "user.profile",
  "user.lock",
  "user.release",
  "user.link",
  "password.reset",
  "password.policy",
  "password-policy.rollback",
  "identity-provider.create",
  "identity-provider.update",
  "identity-provider.rollback",
  "identity-provider.delete",
  "keys.rotate",
  "privacy.erase",
  "privacy.erased",
  "privacy.export",
  "node.drain",
  "node.resume",
  "cluster.rebalance",
  "tenant.create",
  "tenant.update",
  "tenant.suspend",
  "tenant.resume",
  "tenant.rollback",
  "tenant.remove",
  "licence.change",
  "licence.rollback",
  "access.foreign"
)
export type AuditAction = typeof AuditAction.Type

/** Values by field name. A secret is never among them: it is the word `changed`. */
const Values = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/** What was done, without who did it and when. */
export const AuditChange = Schema.Struct({
  action: AuditAction,
  subject: Schema.Struct({
    type: Schema.Literal(
      "camera",
      "event",
      "session",
      "user",
      "identity-provider",
      "password-policy",
      "worker-token",
      "api-key",
      "edge",
      "place",
      "settings",
      "discovery",
      "model",
      "master-key",
      "signing-key",
      "tenant",
      "erasure",
      "node",
      "cluster"
    ),
    id: Schema.String
  }),
  /** The fields that changed, before and after; all of them of what was added or removed. */
  before: Schema.NullOr(Values),
  after: Schema.NullOr(Values)
})
export type AuditChange = typeof AuditChange.Type

/** SHA-256, in hexadecimal digits. */
export const AuditHash = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/)).annotations({ identifier: "AuditHash" })
export type AuditHash = typeof AuditHash.Type

/** A line of a tenant's audit trail. Entries are only ever added; their sequence has no gaps, and each is chained to the one before. */
export class AuditEntry extends Schema.Class<AuditEntry>("AuditEntry")({
  tenantId: TenantId,
  sequence: Schema.Int.pipe(Schema.positive()),
  at: Schema.DateTimeUtc,
  /** The name as it was then. No id: the program itself, or somebody who was not let in. */
  actor: Schema.Struct({ id: Schema.NullOr(UserId), username: Schema.String }),
  /** Where it came from; null of what the program did itself. */
  address: Schema.NullOr(Schema.String),
  ...AuditChange.fields,
  /** The hash of the entry before; zeros in the first. */
  previousHash: AuditHash,
  /** Of this entry's canonical form, `previousHash` with it: see `AuditChain`. */
  hash: AuditHash
}) {}

/** Which entries to list, newest first. */
export const AuditQuery = Schema.Struct({
  /** A username, upper and lower case alike. */
  actor: Schema.optional(Schema.String.pipe(Schema.maxLength(100))),
  action: Schema.optional(AuditAction),
  subjectId: Schema.optional(Schema.String.pipe(Schema.maxLength(100))),
  from: Schema.optional(Schema.DateTimeUtc),
  to: Schema.optional(Schema.DateTimeUtc),
  /** Only entries of a lower sequence: `next` of the page before. */
  before: Schema.optional(Schema.Int.pipe(Schema.positive())),
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 500)), { default: () => 50 })
}).annotations({ identifier: "AuditQuery" })
export type AuditQuery = typeof AuditQuery.Type

export const AuditPage = Schema.Struct({
  entries: Schema.Array(AuditEntry),
  /** Give it as `before` for the next page; absent on the last one. */
  next: Schema.optional(Schema.Int)
}).annotations({ identifier: "AuditPage" })
export type AuditPage = typeof AuditPage.Type

/** The page that the newest matching entries make; `found` has one more than the limit where there are more. */
export const auditPage = (found: ReadonlyArray<AuditEntry>, limit: number): AuditPage => {
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  return last === undefined || found.length <= limit ? { entries } : { entries, next: last.sequence }
}
