/**
 * What was removed and can be brought back, told by the audit trail as versions are.
 *
 * @module
 */
import { Schema } from "effect"
import { type AuditAction, AuditEntry } from "./AuditEntry.js"
import { VersionedType, versionTrails } from "./VersionedType.js"

/** What comes back whole; what went with a removed user, provider or tenant is kept nowhere. */
export const RestorableType = VersionedType.pipe(Schema.pickLiteral("camera", "place"))
export type RestorableType = typeof RestorableType.Type

/** How many are told, those that were removed last. */
export const mostRemoved = 500

export const RemovedObject = Schema.Struct({
  type: RestorableType,
  id: Schema.String,
  /** What it was called last. */
  name: Schema.String,
  at: Schema.DateTimeUtc,
  actor: AuditEntry.fields.actor
}).annotations({ identifier: "RemovedObject" })
export type RemovedObject = typeof RemovedObject.Type

const removal = { camera: "camera.delete", place: "place.delete" } as const satisfies Readonly<
  Record<RestorableType, AuditAction>
>

/** The entries that tell what is removed: what was rolled back after it was removed is there again. */
export const removalActions = (type: RestorableType): ReadonlyArray<AuditAction> => {
  const { rollback } = versionTrails[type]
  return [removal[type], ...(rollback === null ? [] : [rollback])]
}

/** What these entries, the newest first, leave removed. `seen` has the objects of newer entries, and gets those of these. */
export const removedBy = (
  type: RestorableType,
  entries: ReadonlyArray<AuditEntry>,
  seen: Set<string>
): ReadonlyArray<RemovedObject> =>
  entries.flatMap(({ action, actor, at, before, subject: { id } }) => {
    if (seen.has(id)) return []
    seen.add(id)
    const name = before?.["name"]
    return action === removal[type] ? [{ type, id, name: typeof name === "string" ? name : id, at, actor }] : []
  })
