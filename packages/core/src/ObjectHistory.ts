/**
 * The versions of what is configured, told by the audit trail alone: it has every change with its values, nothing can take one away, and its chain shows who
 * tries. Secrets are not in it, and so in no version.
 *
 * @module
 */
import { Option, Schema } from "effect"
import { canonicalJson } from "./AuditChain.js"
import { AuditAction, AuditEntry } from "./AuditEntry.js"
import { VersionedType, type VersionTrail, versionTrails } from "./VersionedType.js"

const Values = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/** An object after one of its changes. */
export const ObjectVersion = Schema.Struct({
  /** Of a camera, a place and settings their own revision; else counted from 1. */
  revision: Schema.Int.pipe(Schema.positive()),
  at: Schema.DateTimeUtc,
  actor: AuditEntry.fields.actor,
  address: AuditEntry.fields.address,
  action: AuditAction,
  /** The number of the entry in the audit trail. */
  sequence: AuditEntry.fields.sequence,
  /** The fields that changed. */
  changed: Schema.Array(Schema.String),
  /** The revision that somebody went back to; null of any other change. */
  rolledBackTo: Schema.NullOr(Schema.Int),
  /** All of its fields; null: it was removed. */
  values: Schema.NullOr(Values)
}).annotations({ identifier: "ObjectVersion" })
export type ObjectVersion = typeof ObjectVersion.Type

/** The revision of a version, or 0 for what was there before the first. */
export const KnownRevision = Schema.Int.pipe(Schema.nonNegative())

/** The versions of an object, newest first. */
export const ObjectHistory = Schema.Struct({
  type: VersionedType,
  id: Schema.String,
  versions: Schema.Array(ObjectVersion),
  /** What held before the first version, as revision 0; null of what was added by it. */
  original: Schema.NullOr(Values)
}).annotations({ identifier: "ObjectHistory" })
export type ObjectHistory = typeof ObjectHistory.Type

/** What two versions of an object differ in. */
export const ObjectDifference = Schema.Struct({
  from: KnownRevision,
  to: KnownRevision,
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

/** Somebody changed the object since its history was read. */
export class VersionConflict extends Schema.TaggedError<VersionConflict>()("VersionConflict", {
  type: VersionedType,
  id: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message() {
    return `${this.type} ${this.id} is at revision ${this.actual}, not ${this.expected}: read it again`
  }
}

/** Fields that stand for secrets, which are kept nowhere. */
export const secretFields: ReadonlyArray<string> = ["credentials", "urlSecret", "password", "token", "key", "clientSecret"]

/** What an entry says of itself, and not of the object. */
const asides = ["revision", "rolledBackTo"]

type Fields = Readonly<Record<string, unknown>>

const numberIn = (field: string, values: Fields | null): number | null => {
  const number = values?.[field]
  return typeof number === "number" ? number : null
}

const without = (names: ReadonlyArray<string>, values: Fields): Fields =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

/** A version, and what its entry says was before it. */
interface Step {
  readonly version: ObjectVersion
  readonly before: Fields | null
}

/** A field that was first told of when it changed had its former value until then. Answers with the newest first. */
const withEarlierFields = (steps: ReadonlyArray<Step>): Pick<ObjectHistory, "versions" | "original"> => {
  const versions: Array<ObjectVersion> = []
  let later: Fields = {}
  for (const { before, version } of [...steps].reverse()) {
    const { values } = version
    if (values === null) later = {}
    versions.push(values === null ? version : { ...version, values: { ...later, ...values } })
    later = before === null ? {} : { ...later, ...before }
  }
  return { versions, original: steps[0]?.before === null ? null : later }
}

const stepAfter = (last: ObjectVersion | undefined, entry: AuditEntry, { counts = false, fieldsIn }: VersionTrail): Step => {
  const told = (values: Fields | null): Fields | null =>
    values === null ? null : without([...secretFields, ...asides], fieldsIn?.(values) ?? values)
  const { action, actor, address, after, at, sequence } = entry
  const before = told(entry.before)
  const version: ObjectVersion = {
    revision: (counts ? numberIn("revision", after) : null) ?? (last?.revision ?? 0) + 1,
    at,
    actor,
    address,
    action,
    sequence,
    changed: Object.keys(without(asides, fieldsIn?.(after ?? {}) ?? after ?? {})),
    rolledBackTo: numberIn("rolledBackTo", after),
    values: after === null && before !== null ? null : { ...last?.values, ...before, ...told(after) }
  }
  return { version, before }
}

/** What the entries of an object, the oldest first, tell of it. */
export const historyOf = (type: VersionedType, id: string, entries: ReadonlyArray<AuditEntry>): ObjectHistory => {
  const trail = versionTrails[type]
  const steps: Array<Step> = []
  for (const entry of entries) {
    if (entry.subject.type !== trail.subject || !trail.actions.includes(entry.action)) continue
    steps.push(stepAfter(steps.at(-1)?.version, entry, trail))
  }
  return { type, id, ...withEarlierFields(steps) }
}

/** What was at a revision, by the entry of that number. */
export type KnownVersion = Pick<ObjectVersion, "revision" | "sequence" | "values">

/** The newest version of a revision. */
export const versionAt = ({ original, versions }: ObjectHistory, revision: number): Option.Option<KnownVersion> =>
  revision === 0 && original !== null
    ? Option.some({ revision, sequence: 0, values: original })
    : Option.fromNullable(versions.find((version) => version.revision === revision))

/** The fields that differ. The trail does not keep the order of a value's own fields. */
export const changedFields = (before: Fields, after: Fields): ObjectDifference["fields"] => {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return fields
    .filter((field) => canonicalJson(before[field] ?? null) !== canonicalJson(after[field] ?? null))
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
}

export const differenceOf = (from: KnownVersion, to: KnownVersion): ObjectDifference => ({
  from: from.revision,
  to: to.revision,
  fields: changedFields(from.values ?? {}, to.values ?? {})
})
