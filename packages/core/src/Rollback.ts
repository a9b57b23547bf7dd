import { Context } from "effect"
import type { AuditChange } from "./AuditEntry.js"

/** The revision that a change goes back to, where it does: the audit trail tells. */
export class RollbackTo extends Context.Reference<RollbackTo>()("@vigil/core/RollbackTo", {
  defaultValue: (): number | null => null
}) {}

/** A change that goes back to a revision says so. */
export const asRollback = (change: AuditChange, revision: number | null): AuditChange =>
  revision === null || change.action !== "camera.update"
    ? change
    : { ...change, action: "camera.rollback", after: { ...change.after, rolledBackTo: revision } }
