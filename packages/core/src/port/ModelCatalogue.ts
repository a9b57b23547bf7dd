import { Context } from "effect"
import type { Effect, Option } from "effect"
import type { ModelId } from "../Ids.js"
import type { CatalogueEntry, ModelDescriptor, ModelError, ModelTask } from "../Model.js"

/** An installed model: its descriptor and the ONNX file on this node, whose checksum was verified. */
export interface InstalledModel {
  readonly descriptor: ModelDescriptor
  readonly file: string
}

/** The models that this node knows and has. */
export class ModelCatalogue extends Context.Tag("@vigil/core/ModelCatalogue")<
  ModelCatalogue,
  {
    readonly list: Effect.Effect<ReadonlyArray<CatalogueEntry>, ModelError>
    readonly installed: (id: ModelId) => Effect.Effect<InstalledModel, ModelError>
    /** The model to use where a camera names none: the first installed one of the task. */
    readonly preferred: (task: ModelTask) => Effect.Effect<Option.Option<InstalledModel>, ModelError>
    /** Fetches the file from the url `from` (http, https or file), else the descriptor's, verifies and installs; reports bytes so far. */
    readonly pull: (
      id: ModelId,
      onProgress: (received: number, total: number) => void,
      from?: string
    ) => Effect.Effect<InstalledModel, ModelError>
    /** Copies, verifies (checksum, ONNX structure, inputs and outputs, a test run) and installs a file with its descriptor. */
    readonly install: (descriptor: ModelDescriptor, file: string) => Effect.Effect<InstalledModel, ModelError>
    readonly remove: (id: ModelId) => Effect.Effect<void, ModelError>
  }
>() {}
