import { Rpc } from "@effect/rpc"
import { Schema } from "effect"
import { ModelId } from "../Ids.js"
import { ModelDescriptor, ModelError } from "../Model.js"
import { StoreUnavailable } from "../port/StoreError.js"

/** Which file of a tenant's own model, and from which byte on. */
export const WantedModelFile = Schema.Struct({
  model: ModelId,
  version: ModelDescriptor.fields.version,
  sha256: ModelDescriptor.fields.sha256,
  from: Schema.Int.pipe(Schema.nonNegative())
})
export type WantedModelFile = typeof WantedModelFile.Type

/** The file in pieces, small enough that other calls of a slow link go between. Only of a version that the caller is to run. */
export const modelFileRpc = Rpc.make("ModelFile", {
  payload: WantedModelFile,
  success: Schema.Uint8ArrayFromBase64,
  error: Schema.Union(ModelError, StoreUnavailable),
  stream: true
})
