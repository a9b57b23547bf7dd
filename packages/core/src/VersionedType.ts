import { Predicate, Schema } from "effect"
import type { AuditAction, AuditChange } from "./AuditEntry.js"

/**
 * What has versions. Settings of a site are under its id, those of the tenant under the tenant's, those of the system under the nil UUID; a tenant's
 * licence and policies are under the tenant's id; a model is the version of it that is active.
 */
export const VersionedType = Schema.Literal(
  "camera",
  "place",
  "settings",
  "user",
  "identity-provider",
  "sign-in-policy",
  "password-policy",
  "model",
  "tenant",
  "licence",
  "edge",
  "worker-token",
  "api-key",
  "signing-key",
  "master-key"
)
export type VersionedType = typeof VersionedType.Type

type Fields = Readonly<Record<string, unknown>>

/** How the audit trail tells of a type of object. */
export interface VersionTrail {
  readonly subject: AuditChange["subject"]["type"]
  /** The entries that make a version; others about the object are no change of its configuration. */
  readonly actions: ReadonlyArray<AuditAction>
  /** What going back is told as; null where nobody can. */
  readonly rollback: AuditAction | null
  /** Whether the object counts its changes itself. */
  readonly counts?: boolean
  /** The object's fields in an entry's values, where those are not it. */
  readonly fieldsIn?: (values: Fields) => Fields
}

const picking =
  (...names: ReadonlyArray<string>) =>
  (values: Fields): Fields =>
    Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)))

/** A tenant is added with its licence. */
const licenceIn = ({ licence, ...values }: Fields): Fields => (Predicate.isReadonlyRecord(licence) ? licence : values)

/** A new type is one line here, and one in `Rollbacks.ts` of the API. */
export const versionTrails: Readonly<Record<VersionedType, VersionTrail>> = {
  camera: {
    subject: "camera",
    actions: ["camera.create", "camera.update", "camera.rollback", "camera.delete"],
    rollback: "camera.rollback",
    counts: true
  },
  place: {
    subject: "place",
    actions: ["place.create", "place.update", "place.rollback", "place.delete"],
    rollback: "place.rollback",
    counts: true
  },
  settings: {
    subject: "settings",
    actions: ["settings.update", "settings.rollback"],
    rollback: "settings.rollback",
    counts: true
  },
  user: {
    subject: "user",
    actions: ["set-up", "user.create", "user.update", "user.profile", "user.grants", "user.rollback", "user.delete"],
    rollback: "user.rollback"
  },
  "identity-provider": {
    subject: "identity-provider",
    actions: ["identity-provider.create", "identity-provider.update", "identity-provider.rollback", "identity-provider.delete"],
    rollback: "identity-provider.rollback"
  },
  "sign-in-policy": {
    subject: "tenant",
    actions: ["sign-in-policy.update", "sign-in-policy.rollback"],
    rollback: "sign-in-policy.rollback"
  },
  "password-policy": {
    subject: "password-policy",
    actions: ["password.policy", "password-policy.rollback"],
    rollback: "password-policy.rollback"
  },
  model: {
    subject: "model",
    actions: ["model.activate", "model.deactivate", "model.rollback"],
    rollback: "model.rollback"
  },
  tenant: {
    subject: "tenant",
    actions: ["tenant.create", "tenant.update", "tenant.suspend", "tenant.resume", "tenant.rollback", "tenant.remove"],
    rollback: "tenant.rollback",
    fieldsIn: picking("name", "suspended")
  },
  licence: {
    subject: "tenant",
    actions: ["tenant.create", "licence.change", "licence.rollback"],
    rollback: "licence.rollback",
    fieldsIn: licenceIn
  },
  edge: { subject: "edge", actions: ["edge.create", "edge.token", "edge.revoke"], rollback: null },
  "worker-token": { subject: "worker-token", actions: ["worker.token.make", "worker.token.revoke"], rollback: null },
  "api-key": { subject: "api-key", actions: ["api-key.create", "api-key.revoke"], rollback: null },
  "signing-key": { subject: "signing-key", actions: ["signing-key.rotate"], rollback: null },
  "master-key": { subject: "master-key", actions: ["keys.rotate"], rollback: null }
}
