import { DateTime, Effect, Layer } from "effect"
import { AuditEntry, auditPage, type AuditQuery } from "../AuditEntry.js"
import { ChangeAuthor } from "../ChangeAuthor.js"
import type { TenantId } from "../Ids.js"
import { AuditStore } from "../port/AuditStore.js"

const matches = (query: AuditQuery, { action, actor, at, sequence, subject }: AuditEntry): boolean =>
  (query.actor === undefined || query.actor.toLowerCase() === actor.username.toLowerCase()) &&
  (query.action === undefined || query.action === action) &&
  (query.subjectId === undefined || query.subjectId === subject.id) &&
  (query.from === undefined || query.from.epochMillis <= at.epochMillis) &&
  (query.to === undefined || at.epochMillis < query.to.epochMillis) &&
  (query.before === undefined || sequence < query.before)

/** Audit trails within this process. */
export const layerAuditStoreMemory: Layer.Layer<AuditStore> = Layer.sync(AuditStore, () => {
  const trails = new Map<TenantId, Array<AuditEntry>>()
  return {
    append: (tenantId, change) =>
      Effect.gen(function* () {
        const { address, id, username } = yield* ChangeAuthor
        const at = yield* DateTime.now
        const trail = trails.get(tenantId) ?? []
        trails.set(tenantId, trail)
        const entry = AuditEntry.make({
          tenantId,
          sequence: trail.length + 1,
          at,
          actor: { id, username },
          address,
          ...change
        })
        trail.push(entry)
        return entry
      }),
    query: (tenant, query) =>
      Effect.sync(() => {
        const found = (trails.get(tenant) ?? []).filter((entry) => matches(query, entry)).reverse()
        return auditPage(found, query.limit)
      })
  }
})
