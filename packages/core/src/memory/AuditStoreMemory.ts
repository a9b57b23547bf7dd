import { DateTime, Effect, Layer, Schema } from "effect"
import { chainEntry, chainStart, type ChainEnd, verifyChain } from "../AuditChain.js"
import { AuditEntry, auditPage, type AuditQuery } from "../AuditEntry.js"
import { ChangeAuthor } from "../ChangeAuthor.js"
import type { TenantId } from "../Ids.js"
import { AuditStore } from "../port/AuditStore.js"
import { asRollback, RollbackTo } from "../Rollback.js"

const matches = (query: AuditQuery, { action, actor, at, sequence, subject }: AuditEntry): boolean =>
  (query.actor === undefined || query.actor.toLowerCase() === actor.username.toLowerCase()) &&
  (query.action === undefined || query.action === action) &&
  (query.subjectId === undefined || query.subjectId === subject.id) &&
  (query.from === undefined || query.from.epochMillis <= at.epochMillis) &&
  (query.to === undefined || at.epochMillis < query.to.epochMillis) &&
  (query.before === undefined || sequence < query.before)

const decodeEntry = Schema.decodeSync(AuditEntry)

/** Audit trails within this process. */
export const layerAuditStoreMemory: Layer.Layer<AuditStore> = Layer.sync(AuditStore, () => {
  const trails = new Map<TenantId, Array<AuditEntry>>()
  const endOf = (trail: ReadonlyArray<AuditEntry>): ChainEnd => trail.at(-1) ?? chainStart
  return {
    append: (tenantId, change) =>
      Effect.gen(function* () {
        const { address, id, username } = yield* ChangeAuthor
        const at = yield* DateTime.now
        const trail = trails.get(tenantId) ?? []
        trails.set(tenantId, trail)
        const told = asRollback(change, yield* RollbackTo)
        const said = { tenantId, at: DateTime.formatIso(at), actor: { id, username }, address, ...told }
        const entry = decodeEntry(chainEntry(endOf(trail), said))
        trail.push(entry)
        return entry
      }),
    query: (tenant, query, among) =>
      Effect.sync(() => {
        const found = (trails.get(tenant) ?? [])
          .filter((entry) => matches(query, entry) && among?.includes(entry.action) !== false)
          .reverse()
        return auditPage(found, query.limit)
      }),
    verify: (tenant, noted) =>
      Effect.suspend(() => {
        const trail = trails.get(tenant) ?? []
        const end = endOf(trail)
        const after = (sequence: number) => Effect.succeed(trail.slice(sequence, sequence + 100))
        return verifyChain({ end, last: end.sequence, after }, noted)
      })
  }
})
