import { Context } from "effect"
import type { Effect } from "effect"
import type { ModelError } from "../Model.js"
import type { ModelVerdict, ModelVersion } from "../ModelVersion.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Looks at files that somebody sent, without ever reading them where they could do harm. */
export class ModelInspector extends Context.Tag("@vigil/core/ModelInspector")<
  ModelInspector,
  {
    /** Bytes of the largest file that this installation takes; 0: it takes none. */
    readonly largest: number
    /**
     * Fetches the version's file, compares its checksum, and reads and runs it in a process without rights, bounded in time and memory. What is wrong with the file is the verdict; errors
     * (`storage`) are of this machine.
     */
    readonly inspect: (version: ModelVersion) => Effect.Effect<ModelVerdict, ModelError | StoreUnavailable>
  }
>() {}
