import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { ModelError } from "@vigil/core/Model"
import type { ModelPicture } from "./InferenceEngine.js"
import type { SessionModel } from "./SessionModel.js"

/** What an inference thread is told. `key` names one version of one model; `model` comes along until the thread has loaded it. */
export type ThreadRequest =
  /** Load and try the model; a flexible one that turns out not to be is loaded with its own shape. */
  | { readonly _tag: "Verify"; readonly key: string; readonly model: SessionModel }
  | {
      readonly _tag: "Run"
      readonly key: string
      readonly model: SessionModel | undefined
      /** Where the pixels of this and of the following runs lie, when that place is new to the thread. */
      readonly memory: SharedArrayBuffer | undefined
      readonly picture: ModelPicture
      readonly source: Size
    }
  /** Forget a model; not answered. */
  | { readonly _tag: "Release"; readonly key: string }
  /** Release everything and end. Answered by the thread's end. */
  | { readonly _tag: "Stop" }

/** What it answers to `Verify` and `Run`, in order. */
export type ThreadAnswer =
  | { readonly _tag: "Verified"; readonly flexible: boolean; readonly note: string | undefined }
  | { readonly _tag: "Ran"; readonly detections: Float32Array; readonly ran: number }
  | { readonly _tag: "Failed"; readonly reason: ModelError["reason"]; readonly detail: string }
