import { AuditAction, type AuditChange, AuditEntry } from "@vigil/core/AuditEntry"
import { defaultTenant } from "@vigil/core/Ids"
import { changedFields, historyOf, versionAt } from "@vigil/core/ObjectHistory"
import { asRollback } from "@vigil/core/Rollback"
import { VersionedType, versionTrails } from "@vigil/core/VersionedType"
import { DateTime, Option } from "effect"
import { describe, expect, it } from "vitest"

const id = "00000000-0000-4000-8000-00000000000a"

type Said = readonly [action: AuditAction, before: AuditChange["before"], after: AuditChange["after"]]

/** The trail of one object. */
const trail = (type: AuditChange["subject"]["type"], ...said: ReadonlyArray<Said>): ReadonlyArray<AuditEntry> =>
  said.map(([action, before, after], index) =>
    AuditEntry.make({
      tenantId: defaultTenant,
      sequence: index + 1,
      at: DateTime.unsafeMake(index),
      actor: { id: null, username: "zoë" },
      address: null,
      action,
      subject: { type, id },
      before,
      after,
      previousHash: "0".repeat(64),
      hash: "0".repeat(64)
    })
  )

const told = (type: VersionedType, entries: ReadonlyArray<AuditEntry>) =>
  historyOf(type, id, entries).versions.map(({ revision, values }) => [revision, values])

describe("the history of an object", () => {
  it("knows of a field what it was before it was first told of", () => {
    const entries = trail(
      "user",
      ["user.create", null, { username: "mover", role: "viewer", password: "changed" }],
      ["user.update", { username: "mover", role: "viewer" }, { role: "admin" }],
      ["user.lock", null, { wrongPasswords: 20 }],
      ["user.profile", { displayName: null }, { displayName: "Zoë" }]
    )
    expect(told("user", entries)).toEqual([
      [3, { username: "mover", role: "admin", displayName: "Zoë" }],
      [2, { username: "mover", role: "admin", displayName: null }],
      [1, { username: "mover", role: "viewer", displayName: null }]
    ])
  })

  it("begins anew where what was removed is there again", () => {
    const entries = trail(
      "place",
      ["place.create", null, { name: "Hall", revision: 1 }],
      ["place.delete", { name: "Hall", revision: 1 }, null],
      ["place.rollback", null, { name: "Hall", revision: 3, rolledBackTo: 1 }],
      ["place.update", { name: "Hall", kind: "site", revision: 3 }, { name: "Yard", kind: "site", revision: 4 }]
    )
    expect(told("place", entries)).toEqual([
      [4, { name: "Yard", kind: "site" }],
      [3, { name: "Hall", kind: "site" }],
      [2, null],
      [1, { name: "Hall" }]
    ])
    expect(historyOf("place", id, entries).versions[1]?.rolledBackTo).toBe(1)
    expect(Option.isNone(versionAt(historyOf("place", id, entries), 0))).toBe(true)
  })

  it("has what was there before anybody changed it as revision 0", () => {
    const history = historyOf(
      "password-policy",
      id,
      trail("password-policy", ["password.policy", { lockAfter: 20 }, { lockAfter: 5 }])
    )
    expect(Option.getOrThrow(versionAt(history, 0)).values).toEqual({ lockAfter: 20 })
    expect(Option.getOrThrow(versionAt(history, 1)).values).toEqual({ lockAfter: 5 })
  })

  it("tells a tenant, its licence and its policy apart", () => {
    const entries = trail(
      "tenant",
      ["tenant.create", null, { name: "North", suspended: false, administrator: "root", licence: { cameras: 5 } }],
      ["licence.change", { cameras: 5 }, { cameras: 9 }],
      ["sign-in-policy.update", { secondFactor: "optional" }, { secondFactor: "required" }],
      ["tenant.suspend", { suspended: false }, { suspended: true }],
      ["access.foreign", null, { call: "cameras.get" }]
    )
    expect(told("tenant", entries)).toEqual([
      [2, { name: "North", suspended: true }],
      [1, { name: "North", suspended: false }]
    ])
    expect(told("licence", entries)).toEqual([
      [2, { cameras: 9 }],
      [1, { cameras: 5 }]
    ])
    expect(told("sign-in-policy", entries)).toEqual([[1, { secondFactor: "required" }]])
  })

  it("does not take another order of a value's own fields for a change", () => {
    expect(changedFields({ a: [{ x: 1, y: 2 }], b: 1, c: null }, { a: [{ y: 2, x: 1 }], b: 2 })).toEqual([
      { field: "b", before: 1, after: 2 }
    ])
  })
})

/** What is done, and configures nothing. */
const deeds: ReadonlyArray<string> = [
  "sign-in",
  "sign-in.refused",
  "sign-out",
  "refresh-token.reused",
  "second-factor.enable",
  "second-factor.disable",
  "second-factor.codes",
  "second-factor.recover",
  "second-factor.refused",
  "camera.restart",
  "camera.token.make",
  "camera.token.revoke",
  "edge.refused",
  "model.create",
  "model.check",
  "model.delete",
  "discovery.start",
  "discovery.cancel",
  "event.status",
  "event.tags",
  "event.ticket",
  "event.note",
  "job.discard",
  "user.lock",
  "user.release",
  "user.link",
  "password.reset",
  "privacy.erase",
  "privacy.erased",
  "privacy.export",
  "node.drain",
  "node.resume",
  "cluster.rebalance",
  "access.foreign"
]

describe("the audit trail", () => {
  it("has no action of which nobody has said whether it makes a version", () => {
    const versions = Object.values(versionTrails).flatMap(({ actions }) => actions)
    expect(AuditAction.literals.filter((action) => !deeds.includes(action) && !versions.includes(action))).toEqual([])
  })
})

describe("a rollback in the audit trail", () => {
  it.each(VersionedType.literals.filter((type) => versionTrails[type].rollback !== null))("is told as one: %s", (type) => {
    const { actions, rollback, subject } = versionTrails[type]
    const changes = actions.filter((action) => /update|change|activate|policy$|profile|grants|suspend/.test(action))
    expect(changes.length).toBeGreaterThan(0)
    for (const action of changes) {
      const change: AuditChange = { action, subject: { type: subject, id }, before: null, after: { a: 1 } }
      expect(asRollback(change, null)).toBe(change)
      expect(asRollback(change, { revision: 3 })).toMatchObject({ action: rollback, after: { a: 1, rolledBackTo: 3 } })
    }
  })
})
