/**
 * The versions of what is configured, told by the audit trail alone: it has every change with its values, nothing can take one away, and its chain shows who
 * tries. Secrets are not in it, and so in no version.
 *
 * @module
 */
import { Option, Schema } from "effect"
import { canonicalJson } from "./AuditChain.js"
import { AuditAction, AuditEntry } from "./AuditEntry.js"
import { VersionedType, versionTrails } from "./VersionedType.js"

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
export const secretFields: ReadonlyArray<string> = ["credentials", "password", "token", "key", "clientSecret"]

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
  readonly before: Fields
}

/** A field that was first told of when it changed had its former value until then. */
const withEarlierFields = (steps: ReadonlyArray<Step>): ReadonlyArray<ObjectVersion> => {
  const versions: Array<ObjectVersion> = []
  let later: Fields = {}
  for (const { before, version } of [...steps].reverse()) {
    const { values } = version
    if (values === null) later = {}
    versions.push(values === null ? version : { ...version, values: { ...later, ...values } })
    later = { ...later, ...before }
  }
  return versions.reverse()
}

/** The versions that the entries of an object tell, both from the oldest on. */
export const versionsOf = (type: VersionedType, entries: ReadonlyArray<AuditEntry>): ReadonlyArray<ObjectVersion> => {
  const { actions, counts = false, fieldsIn = (values: Fields) => values, subject } = versionTrails[type]
  const told = (values: Fields | null): Fields => without([...secretFields, ...asides], fieldsIn(values ?? {}))
  const steps: Array<Step> = []
  for (const entry of entries) {
    if (entry.subject.type !== subject || !actions.includes(entry.action)) continue
    const { action, actor, address, after, at, sequence } = entry
    const last = steps.at(-1)
    const isRemoval = after === null && entry.before !== null
    const before = told(entry.before)
    const known = last === undefined || last.version.values === null ? {} : last.version.values
    const changed = Object.keys(without(asides, fieldsIn(after ?? {})))
    const version: ObjectVersion = {
      revision: (counts ? numberIn("revision", after) : null) ?? (last?.version.revision ?? 0) + 1,
      at,
      actor,
      address,
      action,
      sequence,
      changed,
      rolledBackTo: numberIn("rolledBackTo", after),
      values: isRemoval ? null : { ...known, ...before, ...told(after) }
    }
    steps.push({ version, before })
  }
  return withEarlierFields(steps)
}

/** The newest version of a revision. */
export const versionAt = ({ versions }: ObjectHistory, revision: number): Option.Option<ObjectVersion> =>
  Option.fromNullable(versions.find((version) => version.revision === revision))

/** The fields that differ. The trail does not keep the order of a value's own fields. */
export const changedFields = (before: Fields, after: Fields): ObjectDifference["fields"] => {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return fields
    .filter((field) => canonicalJson(before[field] ?? null) !== canonicalJson(after[field] ?? null))
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
}

export const differenceOf = (from: ObjectVersion, to: ObjectVersion): ObjectDifference => ({
  from: from.revision,
  to: to.revision,
  fields: changedFields(from.values ?? {}, to.values ?? {})
})
