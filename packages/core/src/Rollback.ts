import { Context, Option, Schema } from "effect"
import type { AuditChange } from "./AuditEntry.js"
import type { TenantId } from "./Ids.js"
import { KnownRevision, ObjectDifference, ObjectVersion } from "./ObjectHistory.js"
import { Credentials } from "./Source.js"
import { VersionedType, versionTrails } from "./VersionedType.js"

/** Which version is to hold again. */
export const RollbackRequest = Schema.Struct({
  revision: KnownRevision,
  /** Only says what would change. */
  dryRun: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** Of a camera: what its server of that time wants, or null for none. Absent: those that it has stay, unless its server is another one. */
  credentials: Schema.optional(Schema.NullOr(Credentials))
}).annotations({ identifier: "RollbackRequest" })
export type RollbackRequest = typeof RollbackRequest.Type

/** What going back to a version changed, or would change. */
export const Rollback = Schema.Struct({
  type: VersionedType,
  id: Schema.String,
  /** The version that holds again. */
  to: KnownRevision,
  /** The object's revision now: the new one, unless nothing was changed. */
  revision: ObjectVersion.fields.revision,
  dryRun: Schema.Boolean,
  /** Whether the object had been removed, and is there again. */
  restored: Schema.Boolean,
  /** What it was before, and what it is after. */
  fields: ObjectDifference.fields.fields,
  /** Secrets that were another then, or there: they are kept nowhere. Those that are there stay; give new ones where there are none. */
  secrets: Schema.Array(Schema.String)
}).annotations({ identifier: "Rollback" })
export type Rollback = typeof Rollback.Type

/**
 * There is no way back to a version: it has a `secret` that is kept nowhere, the object was `removed` and what went with it is gone, or what was
 * configured then does not `fit` what there is now.
 */
export class RollbackRefused extends Schema.TaggedError<RollbackRefused>()("RollbackRefused", {
  reason: Schema.Literal("secret", "removed", "fit"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** What was removed comes back under its id; its revisions go on. */
export interface ComingBack<Id> {
  readonly id: Id
  readonly revision: number
}

/** That a change goes back to a revision: the audit trail tells. */
interface GoingBack {
  readonly revision: number
  /** The number of the object's newest entry when it was decided how to go back: a store refuses the change where there is a newer one in the tenant's trail. */
  readonly decidedAt: { readonly tenant: TenantId; readonly revision: number; readonly sequence: number }
}

/** What the change of this moment goes back to, where it does. */
export class RollbackTo extends Context.Reference<RollbackTo>()("@vigil/core/RollbackTo", {
  defaultValue: (): GoingBack | null => null
}) {}

/** The type of object whose version a change makes. */
export const versionedTypeOf = ({ action, subject }: AuditChange): Option.Option<VersionedType> =>
  Option.fromNullable(
    VersionedType.literals.find(
      (type) => versionTrails[type].subject === subject.type && versionTrails[type].actions.includes(action)
    )
  )

/** A change that goes back to a revision says so. */
export const asRollback = (change: AuditChange, back: Pick<GoingBack, "revision"> | null): AuditChange => {
  if (back === null) return change
  const action = Option.match(versionedTypeOf(change), { onNone: () => null, onSome: (type) => versionTrails[type].rollback })
  return action === null ? change : { ...change, action, after: { ...change.after, rolledBackTo: back.revision } }
}
