/**
 * Files of tenants' own models, for the programs that run them elsewhere.
 *
 * @module
 */
import type { WantedModelFile } from "@vigil/core/contract/ModelFileRpc"
import type { TenantId } from "@vigil/core/Ids"
import { type ModelDescriptor, ModelError } from "@vigil/core/Model"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { ownModelsOf } from "@vigil/core/port/OwnModels"
import { Effect, Stream } from "effect"

/** Bytes of a piece: on a link of 1 Mbit/s others wait a second for it. */
const pieceSize = 96 * 1024

/** What a tenant's programs are to run. */
export const activeModels = (tenant: TenantId) =>
  Effect.map(
    Effect.flatMap(ModelStore, ({ active }) => active),
    (all) => all.flatMap(({ descriptor, tenantId }) => (tenantId === tenant ? [descriptor] : []))
  )

function* piecesOf(data: Uint8Array) {
  for (let at = 0; at < data.length; at += pieceSize) yield data.subarray(at, at + pieceSize)
}

/** The file of one of `models`, whatever was asked for. */
export const sendModelFile = (
  tenantId: TenantId,
  models: ReadonlyArray<ModelDescriptor>,
  { from, model, sha256, version }: WantedModelFile
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const wanted = models.find((one) => one.id === model && one.version === version && one.sha256 === sha256)
      if (wanted === undefined) {
        const detail = `version ${version} is not active, or not for this program`
        return yield* new ModelError({ model, reason: "unknown", detail })
      }
      const { read } = ownModelsOf(yield* ModelStore)
      return read({ tenantId, model, version, sha256, bytes: wanted.bytes }, from).pipe(
        Stream.flatMap((data) => Stream.fromIterable(piecesOf(data))),
        Stream.rechunk(1)
      )
    })
  )
