import { Context } from "effect"
import type { AuditAction, AuditChange } from "./AuditEntry.js"

/** The revision that a change goes back to, where it does: the audit trail tells. */
export class RollbackTo extends Context.Reference<RollbackTo>()("@vigil/core/RollbackTo", {
  defaultValue: (): number | null => null
}) {}

const rollbacks: Partial<Record<AuditAction, AuditAction>> = {
  "camera.update": "camera.rollback",
  "settings.update": "settings.rollback"
}

/** A change that goes back to a revision says so. */
export const asRollback = (change: AuditChange, revision: number | null): AuditChange => {
  const action = rollbacks[change.action]
  return revision === null || action === undefined
    ? change
    : { ...change, action, after: { ...change.after, rolledBackTo: revision } }
}
