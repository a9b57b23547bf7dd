import { Context, Effect, Stream } from "effect"
import { ModelError } from "../Model.js"
import { bytesOfPart, type ModelVersion, partSize, partsOf } from "../ModelVersion.js"
import type { ActiveModel, ModelStore } from "./ModelStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Which file of which version. */
export type OwnModelFile = Pick<ModelVersion, "tenantId" | "model" | "version" | "bytes" | "sha256">

/**
 * Where a process that runs models gets those that tenants brought: a node from the database, an edge from its centre, a worker from the nodes of its cluster. Whoever
 * gives them gives each tenant's to that tenant only, and only those that may be run.
 */
export class OwnModels extends Context.Tag("@vigil/core/OwnModels")<
  OwnModels,
  {
    /** The versions that are to be run, of every tenant that this process serves. */
    readonly active: Effect.Effect<ReadonlyArray<ActiveModel>, ModelError | StoreUnavailable>
    /** Emits whenever something may have changed; a hint to look again. */
    readonly changes: Stream.Stream<void>
    /** The bytes of a file from that one on, in pieces, which the taker compares with the checksum. */
    readonly read: (file: OwnModelFile, from: number) => Stream.Stream<Uint8Array, ModelError | StoreUnavailable>
  }
>() {}

type Store = typeof ModelStore.Service

const readParts =
  (store: Store): (typeof OwnModels.Service)["read"] =>
  ({ bytes, model, tenantId, version }, from) =>
    Stream.unfoldEffect(Math.floor(from / partSize), (part) =>
      part >= partsOf(bytes)
        ? Effect.succeedNone
        : store.part(tenantId, model, version, part).pipe(
            Effect.filterOrFail(
              ({ length }) => length === bytesOfPart(bytes, part),
              () => new ModelError({ model, reason: "download", detail: `the file of version ${version} is no longer there` })
            ),
            Effect.map((data) => [data.subarray(Math.max(0, from - part * partSize)), part + 1] as const),
            Effect.asSome
          )
    )

/** Those of a store. */
export const ownModelsOf = (store: Store): typeof OwnModels.Service => ({
  active: store.active,
  changes: store.changes,
  read: readParts(store)
})
