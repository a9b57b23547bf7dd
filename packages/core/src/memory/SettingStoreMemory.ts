import { DateTime, Effect, Layer } from "effect"
import type { TenantId } from "../Ids.js"
import { PlaceNotFound } from "../port/PlaceStore.js"
import { SettingStore } from "../port/SettingStore.js"
import { changedLevel, settingsChanged } from "../settings/SettingChange.js"
import { type LevelSettings, nothingSaid } from "../settings/SettingLevels.js"
import { makeOutboxMemory, type OutboxMemory } from "./OutboxMemory.js"

/** Settings within this process, where there are no places. */
export const makeSettingStoreMemory = (outbox: OutboxMemory): typeof SettingStore.Service => {
  let system = nothingSaid
  const tenants = new Map<TenantId, LevelSettings>()
  const ofTenant = (tenant: TenantId) => tenants.get(tenant) ?? nothingSaid

  return {
    system: Effect.sync(() => system),
    ofTenant: (tenant) => Effect.sync(() => ({ tenant: ofTenant(tenant), sites: new Map(), siteOf: new Map() })),
    change: (tenant, scope, patch, expectedRevision) =>
      Effect.gen(function* () {
        if (scope.level === "site") return yield* new PlaceNotFound({ placeId: scope.site })
        const isSystem = scope.level === "system"
        const before = isSystem ? system : ofTenant(tenant)
        const next = yield* changedLevel(before, patch, expectedRevision)
        if (next === before) return next
        if (isSystem) system = next
        else tenants.set(tenant, next)
        yield* outbox.add([settingsChanged(tenant, scope.level, yield* DateTime.now)])
        return next
      })
  }
}

export const layerSettingStoreMemory: Layer.Layer<SettingStore> = Layer.effect(
  SettingStore,
  Effect.map(makeOutboxMemory, makeSettingStoreMemory)
)
