import type { ModelId, TenantId } from "@vigil/core/Ids"
import type { LicenceRefused } from "@vigil/core/Licence"
import { type CatalogueEntry, ModelError, type ModelTask } from "@vigil/core/Model"
import { Licences } from "@vigil/core/port/Licences"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary, type OfferedModel } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { OwnModels, ownModelsOf } from "@vigil/core/port/OwnModels"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Exit, Layer, Option, Stream } from "effect"
import { type FollowedModels, followOwnModels, ownModel } from "./FollowOwnModels.js"
import { OwnModelFolder } from "./OwnModelFiles.js"

/** The pictures of a camera do not wait for a file that comes over a slow link. */
const patience = "2 seconds"

const noOwnModels: FollowedModels = {
  of: () => [],
  installed: (_, { id }) => new ModelError({ model: id, reason: "unknown", detail: "there is no such model" }),
  look: Effect.void,
  changes: Stream.never
}

/** Milliseconds for which what cameras run is remembered: thousands of them look every ten seconds, and each look reads the disk. */
const rememberFor = 2000

/** Answers again what was found a moment ago, failures too. */
const makeMemory = <A, E>() => {
  const known = new Map<string, { readonly until: number; readonly exit: Exit.Exit<A, E> }>()
  return (key: string, find: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const before = known.get(key)
      if (before !== undefined && performance.now() < before.until) return before.exit
      return Effect.onExit(find, (exit) =>
        Effect.sync(() => {
          // What was interrupted says nothing of the model.
          if (Exit.isInterrupted(exit)) known.delete(key)
          else known.set(key, { until: performance.now() + rememberFor, exit })
        })
      )
    })
}

const make = Effect.gen(function* () {
  const catalogue = yield* ModelCatalogue
  const licences = yield* Effect.serviceOption(Licences)
  const store = yield* Effect.serviceOption(ModelStore)
  const folder = yield* Effect.serviceOption(OwnModelFolder)
  const source = Option.orElse(yield* Effect.serviceOption(OwnModels), () => Option.map(store, ownModelsOf))
  const own =
    Option.isSome(source) && Option.isSome(folder)
      ? yield* followOwnModels(source.value, patience).pipe(Effect.provideService(OwnModelFolder, folder.value))
      : noOwnModels

  const rememberEntries = makeMemory<ReadonlyArray<CatalogueEntry>, ModelError>()
  const rememberFile = makeMemory<InstalledModel, ModelError>()
  const file = (id: ModelId) => rememberFile(id, catalogue.installed(id))

  /** What a tenant brought itself it need not have bought. */
  const permit = (tenant: TenantId, id: ModelId): Effect.Effect<void, LicenceRefused | StoreUnavailable> =>
    Option.isNone(licences) || ownModel(own, tenant, id) !== undefined ? Effect.void : licences.value.requireModel(tenant, id)

  const offered = (tenant: TenantId, known: Effect.Effect<ReadonlyArray<CatalogueEntry>, ModelError>) =>
    Effect.map(known, (entries): ReadonlyArray<OfferedModel> => {
      const owned = own.of(tenant)
      return [
        ...owned.map((descriptor) => ({ descriptor, installed: true, own: true })),
        ...entries
          .filter(({ descriptor }) => !owned.some(({ id }) => id === descriptor.id))
          .map((entry) => ({ ...entry, own: false }))
      ]
    })

  const list = (tenant: TenantId) => offered(tenant, catalogue.list)

  const preferred = (tenant: TenantId, task: ModelTask) =>
    Effect.gen(function* () {
      for (const { descriptor, installed, own: brought } of yield* offered(tenant, rememberEntries("", catalogue.list))) {
        // A tenant's own models run where they are named: one that somebody activates must not change cameras that never named it.
        if (brought || !installed || descriptor.task !== task) continue
        const permitted = yield* permit(tenant, descriptor.id).pipe(
          Effect.as(true),
          Effect.catchTag("LicenceRefused", () => Effect.succeed(false))
        )
        if (permitted) return Option.some(yield* file(descriptor.id))
      }
      return Option.none<InstalledModel>()
    })

  return ModelLibrary.of({
    list,
    find: (tenant, id) =>
      Effect.map(list(tenant), (all) => Option.fromNullable(all.find(({ descriptor }) => descriptor.id === id))),
    own: (tenant, id) => Option.fromNullable(ownModel(own, tenant, id)),
    permit,
    installed: (tenant, id) =>
      Effect.suspend(() => {
        const brought = ownModel(own, tenant, id)
        return brought === undefined ? Effect.zipRight(permit(tenant, id), file(id)) : own.installed(tenant, brought)
      }),
    preferred,
    changes: own.changes
  })
})

/**
 * The models of this installation; with `OwnModels` or a `ModelStore`, and an `OwnModelFolder`, also those that tenants brought, and with `Licences` only what each tenant may use. What an embedder
 * does not give is not looked for.
 */
export const layer: Layer.Layer<ModelLibrary, ModelError, ModelCatalogue> = Layer.scoped(ModelLibrary, make)
