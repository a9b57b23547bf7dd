import type { ModelId, TenantId } from "@vigil/core/Ids"
import type { LicenceRefused } from "@vigil/core/Licence"
import { type CatalogueEntry, type ModelDescriptor, ModelError, type ModelTask } from "@vigil/core/Model"
import { Licences } from "@vigil/core/port/Licences"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary, type OfferedModel } from "@vigil/core/port/ModelLibrary"
import { type ActiveModel, ModelStore } from "@vigil/core/port/ModelStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Exit, Layer, Option, PubSub, type Scope, Stream } from "effect"
import { makeOwnModelFiles, OwnModelFolder } from "./OwnModelFiles.js"

/** The active models of tenants, as this node knows them. */
interface OwnModels {
  readonly of: (tenant: TenantId) => ReadonlyArray<ModelDescriptor>
  readonly installed: (
    tenant: TenantId,
    descriptor: ModelDescriptor
  ) => Effect.Effect<InstalledModel, ModelError | StoreUnavailable>
  readonly changes: Stream.Stream<void>
}

const noOwnModels: OwnModels = {
  of: () => [],
  installed: (_, { id }) => new ModelError({ model: id, reason: "unknown", detail: "there is no such model" }),
  changes: Stream.never
}

/** Between looks without a hint, which may have come while the database was away. */
const interval = "30 seconds"

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

/** Knows what is active even while the database is away, and tells of changes. */
const followOwnModels: Effect.Effect<OwnModels, ModelError, ModelStore | OwnModelFolder | Scope.Scope> = Effect.gen(function* () {
  const store = yield* ModelStore
  const files = yield* makeOwnModelFiles
  const changed = yield* PubSub.sliding<void>(1)
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
    const active = yield* store.active
    if (take(active)) yield* PubSub.publish(changed, undefined)
    yield* files.prune(new Set(active.map(({ descriptor }) => descriptor.sha256)))
  }).pipe(Effect.catchAll((error) => Effect.logWarning(`models of tenants: ${error.message}`)))

  yield* look
  yield* Stream.merge(store.changes, Stream.tick(interval)).pipe(
    Stream.runForEach(() => look),
    Effect.forkScoped
  )

  return {
    of: (tenant) => known.get(tenant) ?? [],
    installed: (tenantId, descriptor) =>
      Effect.map(
        files.ensure({
          tenantId,
          model: descriptor.id,
          version: descriptor.version,
          bytes: descriptor.bytes,
          sha256: descriptor.sha256
        }),
        (file) => ({ descriptor, file })
      ),
    changes: Stream.fromPubSub(changed)
  }
})

const make = Effect.gen(function* () {
  const catalogue = yield* ModelCatalogue
  const licences = yield* Effect.serviceOption(Licences)
  const store = yield* Effect.serviceOption(ModelStore)
  const folder = yield* Effect.serviceOption(OwnModelFolder)
  const own =
    Option.isSome(store) && Option.isSome(folder)
      ? yield* followOwnModels.pipe(
          Effect.provideService(ModelStore, store.value),
          Effect.provideService(OwnModelFolder, folder.value)
        )
      : noOwnModels

  const rememberEntries = makeMemory<ReadonlyArray<CatalogueEntry>, ModelError>()
  const rememberFile = makeMemory<InstalledModel, ModelError>()
  const file = (id: ModelId) => rememberFile(id, catalogue.installed(id))

  const ownOf = (tenant: TenantId, id: ModelId) => own.of(tenant).find((descriptor) => descriptor.id === id)

  /** What a tenant brought itself it need not have bought. */
  const permit = (tenant: TenantId, id: ModelId): Effect.Effect<void, LicenceRefused | StoreUnavailable> =>
    Option.isNone(licences) || ownOf(tenant, id) !== undefined ? Effect.void : licences.value.requireModel(tenant, id)

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
    permit,
    installed: (tenant, id) =>
      Effect.suspend(() => {
        const brought = ownOf(tenant, id)
        return brought === undefined ? Effect.zipRight(permit(tenant, id), file(id)) : own.installed(tenant, brought)
      }),
    preferred,
    changes: own.changes
  })
})

/**
 * The models of this installation; with a `ModelStore` and an `OwnModelFolder` also those that tenants brought, and with `Licences` only what each tenant may use. What an embedder
 * does not give is not looked for.
 */
export const layer: Layer.Layer<ModelLibrary, ModelError, ModelCatalogue> = Layer.scoped(ModelLibrary, make)
