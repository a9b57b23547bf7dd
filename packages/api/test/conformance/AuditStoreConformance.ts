import { describe, expect, layer } from "@effect/vitest"
import type { AuditChange } from "@vigil/core/AuditEntry"
import { type AuditAction, type AuditEntry, AuditQuery } from "@vigil/core/AuditEntry"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import { defaultTenant, UserId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { RollbackTo } from "@vigil/core/Rollback"
import { Effect, type Layer, Schema } from "effect"
import { otherTenant } from "../Samples.js"

const query = (fields: typeof AuditQuery.Encoded = {}) => Schema.decodeSync(AuditQuery)(fields)

const change = (): AuditChange => ({
  action: "event.status",
  subject: { type: "event", id: crypto.randomUUID() },
  before: { status: "NEW" },
  after: { status: "RESOLVED" }
})

/** What every audit trail must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const auditStoreConformance = <E>(name: string, stores: Layer.Layer<AuditStore, E>): void => {
  describe(`AuditStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("tells what was done, by whom and from where", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const done = change()
          const author = { id: UserId.make(crypto.randomUUID()), username: "Zoë", address: "2001:db8::7" }
          const written = yield* Effect.provideService(store.append(defaultTenant, done), ChangeAuthor, author)
          expect(written).toMatchObject({ ...done, actor: { id: author.id, username: "Zoë" }, address: "2001:db8::7" })
          expect((yield* store.query(defaultTenant, query({ limit: 1 }))).entries).toEqual([written])
          const own = yield* store.append(defaultTenant, done)
          expect(own).toMatchObject({ actor: { id: null, username: "vigil" }, address: null })
          expect(own.sequence).toBe(written.sequence + 1)
        })
      )

      it.effect("counts each tenant's entries without gaps, also where many are added at once", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const before = (yield* store.query(defaultTenant, query({ limit: 1 }))).entries[0]?.sequence ?? 0
          const both = Effect.zip(store.append(defaultTenant, change()), store.append(otherTenant, change()), {
            concurrent: true
          })
          const pairs = yield* Effect.replicateEffect(both, 15, { concurrency: "unbounded" })
          const sequences = (entries: ReadonlyArray<AuditEntry>) => entries.map(({ sequence }) => sequence).sort((a, b) => a - b)
          expect(sequences(pairs.map(([ours]) => ours))).toEqual(Array.from({ length: 15 }, (_, i) => before + i + 1))
          expect(sequences(pairs.map(([, theirs]) => theirs))).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
          const theirs = yield* store.query(otherTenant, query({ limit: 500 }))
          expect(new Set(theirs.entries.map(({ tenantId }) => tenantId))).toEqual(new Set([otherTenant]))
        })
      )

      it.effect("pages over everything once, newest first, while more is added", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const newest = yield* store.append(defaultTenant, change())
          const seen: Array<number> = []
          let before: number | undefined
          do {
            const { entries, next } = yield* store.query(
              defaultTenant,
              query(before === undefined ? { limit: 4 } : { limit: 4, before })
            )
            seen.push(...entries.map(({ sequence }) => sequence))
            before = next
            yield* store.append(defaultTenant, change())
          } while (before !== undefined)
          expect(seen).toEqual(Array.from({ length: newest.sequence }, (_, i) => newest.sequence - i))
        })
      )

      it.effect("chains what it is given, and finds the chain whole", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const first = yield* store.append(defaultTenant, change())
          const second = yield* store.append(defaultTenant, { ...change(), after: { none: undefined, list: [undefined, 1] } })
          expect(second.previousHash).toBe(first.hash)
          const { sequence, hash } = second
          expect(yield* store.verify(defaultTenant, { sequence: first.sequence, hash: first.hash })).toEqual({
            entries: sequence,
            mark: { sequence, hash },
            broken: null
          })
          const noted = yield* store.verify(defaultTenant, { sequence: sequence + 1, hash })
          expect(noted.broken).toMatchObject({ kind: "removed", sequence: sequence + 1 })
        })
      )

      it.effect("finds by actor, action, subject and time", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const done = change()
          const author = { id: null, username: "Filter%Me", address: null }
          const entry = yield* Effect.provideService(store.append(defaultTenant, done), ChangeAuthor, author)
          const found = (fields: typeof AuditQuery.Encoded) =>
            Effect.map(store.query(defaultTenant, query(fields)), ({ entries }) => entries.map(({ sequence }) => sequence))
          expect(yield* found({ actor: "filter%me" })).toEqual([entry.sequence])
          expect(yield* found({ actor: "filter%" })).toEqual([])
          expect(yield* found({ subjectId: done.subject.id })).toEqual([entry.sequence])
          expect(yield* found({ subjectId: done.subject.id, action: "camera.create" })).toEqual([])
          expect(yield* found({ subjectId: done.subject.id, action: "event.status" })).toEqual([entry.sequence])
          const at = (offset: number) => new Date(entry.at.epochMillis + offset).toISOString()
          expect(yield* found({ actor: "Filter%Me", from: at(0), to: at(1) })).toEqual([entry.sequence])
          expect(yield* found({ actor: "Filter%Me", from: at(1) })).toEqual([])
          expect(yield* found({ actor: "Filter%Me", to: at(0) })).toEqual([])
          const among = (...actions: ReadonlyArray<AuditAction>) =>
            Effect.map(store.query(defaultTenant, query({ actor: "filter%me" }), actions), ({ entries }) => entries.length)
          expect([yield* among("camera.create", "event.status"), yield* among("camera.create")]).toEqual([1, 0])
        })
      )

      it.effect("tells a change that goes back to a revision as a rollback", () =>
        Effect.gen(function* () {
          const store = yield* AuditStore
          const subject = { type: "camera", id: crypto.randomUUID() } as const
          const said = { action: "camera.update", subject, before: { name: "a" }, after: { name: "b" } } as const
          const entry = yield* Effect.provideService(store.append(defaultTenant, said), RollbackTo, {
            revision: 4,
            decidedAt: { tenant: defaultTenant, revision: 5, sequence: 1_000_000 }
          })
          expect(entry).toMatchObject({ action: "camera.rollback", after: { name: "b", rolledBackTo: 4 } })
        })
      )
    })
  })
}
