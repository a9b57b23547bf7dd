import type { Detection } from "@vigil/core/Detection"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { ModelDescriptor } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { Priority } from "@vigil/core/Priority"
import type { MonotonicTime } from "@vigil/core/Time"
import type { ModelFault } from "../model/ModelFault.js"

/** Names one version of one model, whosever it is: tenants may have models of the same id. */
export type ModelKey = `${string}:${string}:${string}`

export const modelKey = ({ id, sha256, version }: ModelDescriptor): ModelKey => `${id}:${version}:${sha256}`

/** The picture that a model wants of a source of some size: scale the source to `content`, in `format`; packing and padding follow later. */
export interface ModelPicture {
  /** Size of the scaled picture without padding. */
  readonly content: Size
  /** Size of the input tensor. */
  readonly input: Size
  readonly format: "rgb24" | "bgr24"
}

export interface InferenceJob {
  /** One camera and model: a newer job of the same slot takes the place of one that still waits. */
  readonly slot: string
  readonly model: ModelKey
  readonly priority: Priority
  /** A job that has not started by then is dropped. */
  readonly deadline: MonotonicTime
  readonly source: Size
  readonly picture: ModelPicture
  /** `picture.content` pixels, packed, 3 bytes each. The engine's until `done` is called; the caller may use the memory again then. */
  readonly pixels: Uint8Array
  readonly done: (result: InferenceResult) => void
}

export type InferenceResult =
  | { readonly _tag: "Done"; readonly detections: ReadonlyArray<Detection>; readonly queued: number; readonly ran: number }
  /** Replaced by a newer frame of its slot, past its deadline, or the queue was full. */
  | { readonly _tag: "Dropped"; readonly reason: "replaced" | "deadline" | "full" | "closed" }
  | { readonly _tag: "Failed"; readonly error: ModelFault }

/**
 * Runs models in worker threads: one job in flight per thread, urgent priorities first, fair between slots. Plain callbacks: this is
 * the hot path. `close` drains running jobs before it ends the threads.
 */
export interface InferenceEngine {
  /** Several versions of a model may be loaded, and run beside each other; each stays for as long as somebody who loaded it has not released it. */
  readonly load: (model: InstalledModel) => Promise<void>
  /** Undoes one `load`. A model that nobody needs any more is forgotten a little later: cameras come back soon. */
  readonly release: (model: ModelKey) => void
  /** What to scale a source to for a model that was loaded. */
  readonly picture: (model: ModelKey, source: Size) => ModelPicture
  readonly submit: (job: InferenceJob) => void
  readonly statistics: () => {
    readonly submitted: number
    readonly done: number
    readonly dropped: number
    readonly failed: number
    readonly waiting: number
  }
  readonly close: () => Promise<void>
}
