import { DateTime, Effect, Layer } from "effect"
import { asOf, Discovery, shownDiscovery } from "../Discovery.js"
import type { DiscoveryId, TenantId } from "../Ids.js"
import { alreadyRunning, DiscoveryNotFound, DiscoveryStore, keptDiscoveries } from "../port/DiscoveryStore.js"

/** Discoveries within this process. */
export const layerDiscoveryStoreMemory: Layer.Layer<DiscoveryStore> = Layer.sync(DiscoveryStore, () => {
  /** In the order in which they were added. */
  const discoveries = new Map<DiscoveryId, Discovery>()

  const find = (tenant: TenantId, id: DiscoveryId) =>
    Effect.flatMap(DateTime.now, (now) => {
      const found = discoveries.get(id)
      return found?.tenantId === tenant
        ? Effect.succeed(asOf(found, now))
        : Effect.fail(new DiscoveryNotFound({ discoveryId: id }))
    })

  const of = (tenant: TenantId, now: DateTime.Utc) =>
    [...discoveries.values()]
      .filter(({ tenantId }) => tenantId === tenant)
      .map((discovery) => asOf(discovery, now))
      .reverse()

  return {
    add: (discovery) =>
      Effect.flatMap(DateTime.now, (now) => {
        const theirs = of(discovery.tenantId, now)
        if (theirs.some(({ state }) => state === "running")) return alreadyRunning()
        discoveries.set(discovery.id, discovery)
        for (const { id } of theirs.slice(keptDiscoveries - 1)) discoveries.delete(id)
        return Effect.void
      }),
    report: (discovery) =>
      Effect.sync(() => {
        if (discoveries.get(discovery.id)?.state !== "running") return false
        discoveries.set(discovery.id, discovery)
        return true
      }),
    cancel: (tenant, id) =>
      Effect.map(find(tenant, id), (found) => {
        if (found.state !== "running") return shownDiscovery(found)
        const cancelled = Discovery.make({ ...found, state: "cancelled" })
        discoveries.set(id, cancelled)
        return shownDiscovery(cancelled)
      }),
    get: (tenant, id) => Effect.map(find(tenant, id), shownDiscovery),
    whole: find,
    list: (tenant) => Effect.map(DateTime.now, (now) => of(tenant, now).map(shownDiscovery))
  }
})
