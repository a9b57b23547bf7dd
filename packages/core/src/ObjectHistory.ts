/**
 * The versions of what is configured, told by the audit trail alone: it has every change with its values, nothing can take one away, and its chain shows who
 * tries. Secrets are not in it, and so in no version.
 *
 * @module
 */
import { Option, Schema } from "effect"
import { AuditAction, AuditEntry } from "./AuditEntry.js"

/** What has versions. Settings of a site are under its id, those of the tenant under the tenant's, those of the system under the nil UUID. */
export const VersionedType = Schema.Literal("camera", "user", "worker-token", "api-key", "edge", "place", "settings")
export type VersionedType = typeof VersionedType.Type

const Values = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/** An object after one of its changes. */
export const ObjectVersion = Schema.Struct({
  /** Of a camera or place its own revision; else counted from 1. */
  revision: Schema.Int.pipe(Schema.positive()),
  at: Schema.DateTimeUtc,
  actor: AuditEntry.fields.actor,
  address: AuditEntry.fields.address,
  action: AuditAction,
  /** The number of the entry in the audit trail. */
  sequence: AuditEntry.fields.sequence,
  /** The fields that changed. */
  changed: Schema.Array(Schema.String),
  /** All of its fields; null: it was removed. */
  values: Schema.NullOr(Values)
}).annotations({ identifier: "ObjectVersion" })
export type ObjectVersion = typeof ObjectVersion.Type

/** The versions of an object, newest first. */
export const ObjectHistory = Schema.Struct({
  type: VersionedType,
  id: Schema.String,
  versions: Schema.Array(ObjectVersion)
}).annotations({ identifier: "ObjectHistory" })
export type ObjectHistory = typeof ObjectHistory.Type

/** What two versions of an object differ in. */
export const ObjectDifference = Schema.Struct({
  from: ObjectVersion.fields.revision,
  to: ObjectVersion.fields.revision,
  fields: Schema.Array(Schema.Struct({ field: Schema.String, before: Schema.Unknown, after: Schema.Unknown }))
}).annotations({ identifier: "ObjectDifference" })
export type ObjectDifference = typeof ObjectDifference.Type

export class VersionNotFound extends Schema.TaggedError<VersionNotFound>()("VersionNotFound", {
  type: VersionedType,
  id: Schema.String,
  revision: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    const what = `${this.type} ${this.id}`
    return this.revision === null ? `there is no history of ${what}` : `there is no revision ${this.revision} of ${what} to go by`
  }
}

/** Entries about an object that are no change of its configuration. */
const aside: ReadonlySet<AuditAction> = new Set<AuditAction>([
  "camera.token.make",
  "camera.token.revoke",
  "edge.refused",
  "privacy.export",
  "sign-in",
  "sign-in.refused",
  "sign-out"
])

/** They stand for secrets, or say what the version says itself. */
const noValues = ["credentials", "password", "publishToken", "token", "key", "revision", "rolledBackTo"]

type Fields = Readonly<Record<string, unknown>>

const numberIn = (values: Fields | null): number | undefined => {
  const revision = values?.["revision"]
  return typeof revision === "number" ? revision : undefined
}

const withoutSecrets = (values: Fields): Fields =>
  Object.fromEntries(Object.entries(values).filter(([field]) => !noValues.includes(field)))

/** The versions that the entries of an object tell, both from the oldest on. */
export const versionsOf = (type: VersionedType, entries: ReadonlyArray<AuditEntry>): ReadonlyArray<ObjectVersion> => {
  const versions: Array<ObjectVersion> = []
  for (const { action, actor, address, after, at, before, sequence, subject } of entries) {
    if (subject.type !== type || aside.has(action)) continue
    const last = versions.at(-1)
    const known = before === null ? {} : { ...last?.values, ...withoutSecrets(before) }
    versions.push({
      revision: numberIn(after) ?? (last?.revision ?? 0) + 1,
      at,
      actor,
      address,
      action,
      sequence,
      changed: Object.keys(after ?? {}).filter((field) => field !== "revision" && field !== "rolledBackTo"),
      values: after === null ? null : { ...known, ...withoutSecrets(after) }
    })
  }
  return versions
}

/** The newest version of a revision. */
export const versionAt = ({ versions }: ObjectHistory, revision: number): Option.Option<ObjectVersion> =>
  Option.fromNullable(versions.find((version) => version.revision === revision))

export const differenceOf = (from: ObjectVersion, to: ObjectVersion): ObjectDifference => {
  const [before, after] = [from.values ?? {}, to.values ?? {}]
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const differs = (field: string) => JSON.stringify(before[field]) !== JSON.stringify(after[field])
  return {
    from: from.revision,
    to: to.revision,
    fields: fields.filter(differs).map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
  }
}
