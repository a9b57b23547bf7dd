import type { ModelId } from "@vigil/core/Ids"
import type { ModelAdapter, ModelDescriptor, ModelInput } from "@vigil/core/Model"

/** What a model runs on. Everything but `cpu` needs its libraries on the machine, and falls back to `cpu` without them. */
export type ExecutionProvider = "cpu" | "cuda" | "tensorrt" | "openvino" | "webgpu"

export interface SessionOptions {
  readonly provider: ExecutionProvider
  /** Folder for optimised graphs, which load several times faster; they suit only the machine that wrote them. */
  readonly cache?: string
}

/** What a thread must know to run a model; plain data that can be posted. */
export interface SessionModel extends SessionOptions {
  readonly model: ModelId
  readonly adapter: ModelAdapter
  readonly classes: number
  readonly input: ModelInput
  readonly thresholds: ModelDescriptor["thresholds"]
  /** The ONNX file. */
  readonly bytes: Uint8Array
  /** Height and width of the input are left free, so that it can be smaller than `input.size`. */
  readonly flexible: boolean
}

export const sessionModel = (
  descriptor: ModelDescriptor,
  bytes: Uint8Array,
  flexible: boolean,
  options: SessionOptions
): SessionModel => ({
  ...options,
  model: descriptor.id,
  adapter: descriptor.adapter,
  classes: descriptor.labels.length,
  input: descriptor.input,
  thresholds: descriptor.thresholds,
  bytes,
  flexible
})

/** Numbers per detection in what `ModelSession.infer` returns: class, score, x, y, width, height in source pixels. */
export const detectionStride = 6
