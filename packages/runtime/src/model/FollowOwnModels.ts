import type { ModelId, TenantId } from "@vigil/core/Ids"
import type { ModelDescriptor, ModelError } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { ActiveModel } from "@vigil/core/port/ModelStore"
import type { OwnModels } from "@vigil/core/port/OwnModels"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { type Duration, Effect, PubSub, type Scope, Stream } from "effect"
import { makeOwnModelFiles, type OwnModelFolder } from "./OwnModelFiles.js"

/** The active models of tenants, as this process knows them. */
export interface FollowedModels {
  readonly of: (tenant: TenantId) => ReadonlyArray<ModelDescriptor>
  readonly installed: (
    tenant: TenantId,
    descriptor: ModelDescriptor
  ) => Effect.Effect<InstalledModel, ModelError | StoreUnavailable>
  /** Looks now, and fails where nobody can say. */
  readonly look: Effect.Effect<void, ModelError | StoreUnavailable>
  /** Emits when others are active, or a file has come that somebody did not wait for. */
  readonly changes: Stream.Stream<void>
}

/** Between looks without a hint, which may have come while the database was away. */
const interval = "30 seconds"

export const ownModel = (models: Pick<FollowedModels, "of">, tenant: TenantId, id: ModelId): ModelDescriptor | undefined =>
  models.of(tenant).find((descriptor) => descriptor.id === id)

/** Knows what is active even while whoever says so is away, and tells of changes. Who asks for a model's file waits for it so long at the most. */
export const followOwnModels = (
  source: typeof OwnModels.Service,
  patience: Duration.DurationInput
): Effect.Effect<FollowedModels, ModelError, OwnModelFolder | Scope.Scope> =>
  Effect.gen(function* () {
    const changed = yield* PubSub.sliding<void>(1)
    const tell = PubSub.publish(changed, undefined)
    const files = yield* makeOwnModelFiles(source, tell)
    let known: ReadonlyMap<TenantId, ReadonlyArray<ModelDescriptor>> = new Map()

    const take = (active: ReadonlyArray<ActiveModel>) => {
      const next = new Map<TenantId, Array<ModelDescriptor>>()
      const byId = active.toSorted((a, b) => a.descriptor.id.localeCompare(b.descriptor.id))
      for (const { descriptor, tenantId } of byId) next.set(tenantId, [...(next.get(tenantId) ?? []), descriptor])
      const isChanged = JSON.stringify([...next]) !== JSON.stringify([...known])
      known = next
      return isChanged
    }

    const look = Effect.gen(function* () {
      const active = yield* source.active
      if (take(active)) yield* tell
      yield* files.prune(new Set(active.map(({ descriptor }) => descriptor.sha256)))
    })
    const lookIfPossible = Effect.catchAll(look, (error) => Effect.logWarning(`models of tenants: ${error.message}`))

    yield* lookIfPossible
    yield* Stream.merge(source.changes, Stream.tick(interval)).pipe(
      Stream.runForEach(() => lookIfPossible),
      Effect.forkScoped
    )

    return {
      of: (tenant) => known.get(tenant) ?? [],
      installed: (tenantId, descriptor) => {
        const { bytes, id: model, sha256, version } = descriptor
        return Effect.map(files.ensure({ tenantId, model, version, bytes, sha256 }, patience), (file) => ({ descriptor, file }))
      },
      look,
      changes: Stream.fromPubSub(changed)
    }
  })
