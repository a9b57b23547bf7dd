import { Schema } from "effect"
import { Size } from "./geometry/BoundingBox.js"
import { ModelId } from "./Ids.js"
import { Priority } from "./Priority.js"

export const ModelTask = Schema.Literal("objects", "faces", "plates", "text", "embedding", "pose")
export type ModelTask = typeof ModelTask.Type

/** The family of a model's outputs: which adapter turns its tensors into detections. */
export const ModelAdapter = Schema.Literal("yolox", "yolov5", "yolov8", "nanodet")
export type ModelAdapter = typeof ModelAdapter.Type

/** What a stream must offer for a model (or an analytic) to be worth running on it. */
export const ModelRequirements = Schema.Struct({
  /** Lines of the picture: 480 for 480p. */
  minHeight: Schema.Int.pipe(Schema.nonNegative()),
  /** Bits a second. */
  minBitrate: Schema.Int.pipe(Schema.nonNegative()),
  /** Seconds of video that a segment must have. */
  minDuration: Schema.Number.pipe(Schema.nonNegative()),
  /** Seconds by which segments overlap. */
  overlap: Schema.Number.pipe(Schema.between(0, 5))
}).annotations({ identifier: "ModelRequirements" })
export type ModelRequirements = typeof ModelRequirements.Type

/** How a frame becomes the model's input tensor. */
export const ModelInput = Schema.Struct({
  /** The tensor's name. */
  name: Schema.String,
  /** Of the tensor; a smaller `height` or `width` that suits the picture is used where the model's shape is dynamic. */
  size: Size,
  layout: Schema.Literal("nchw", "nhwc"),
  element: Schema.Literal("float32", "uint8"),
  channels: Schema.Literal("rgb", "bgr"),
  /** Per channel in the tensor's order: `(value - mean) / scale`, values 0..255. */
  mean: Schema.Tuple(Schema.Number, Schema.Number, Schema.Number),
  scale: Schema.Tuple(Schema.Number, Schema.Number, Schema.Number),
  /** `letterbox` keeps the aspect ratio and pads (at the right and bottom, or around), `stretch` does not. */
  fit: Schema.Literal("letterbox-top-left", "letterbox-centre", "stretch"),
  /** Value of the padding, 0..255. */
  padding: Schema.Int.pipe(Schema.between(0, 255))
}).annotations({ identifier: "ModelInput" })
export type ModelInput = typeof ModelInput.Type

/** Everything Vigil must know of a model to fetch, check, run and read it. */
export class ModelDescriptor extends Schema.Class<ModelDescriptor>("ModelDescriptor")({
  id: ModelId,
  version: Schema.NonEmptyString,
  title: Schema.NonEmptyString,
  task: ModelTask,
  /** SPDX expression of the weights' licence, or `LicenseRef-unknown`. */
  licence: Schema.NonEmptyString,
  priority: Priority,
  requirements: ModelRequirements,
  input: ModelInput,
  adapter: ModelAdapter,
  /** Names of the classes in the order of the model's outputs. */
  labels: Schema.NonEmptyArray(Schema.String),
  thresholds: Schema.Struct({
    /** Detections below are dropped, 0..1. */
    confidence: Schema.Number.pipe(Schema.between(0, 1)),
    /** Boxes of one class that overlap by more (intersection over union) are one object. */
    overlap: Schema.Number.pipe(Schema.between(0, 1))
  }),
  /** Of the ONNX file, lower-case hex. */
  sha256: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/)),
  /** Bytes of the ONNX file. */
  bytes: Schema.Int.pipe(Schema.positive()),
  /** Where `vigil models pull` fetches the ONNX file. */
  url: Schema.optional(Schema.String)
}) {}

/** A model of the catalogue: known by its descriptor, usable once it is installed. */
export const CatalogueEntry = Schema.Struct({
  descriptor: ModelDescriptor,
  installed: Schema.Boolean,
  /** The tenant brought it itself; absent of what the installation has. */
  own: Schema.optional(Schema.Boolean)
}).annotations({ identifier: "CatalogueEntry" })
export type CatalogueEntry = typeof CatalogueEntry.Type

/**
 * Why a model was refused or could not be used:
 * - `unknown`: no descriptor of that id;
 * - `not-installed`: the descriptor is known, the file is not here;
 * - `download`: the file could not be fetched;
 * - `checksum`: size or sha256 differ from the descriptor;
 * - `not-onnx`: the file is not an ONNX model that can be loaded;
 * - `shape`: inputs or outputs are not what the descriptor and its adapter say;
 * - `descriptor`: the descriptor itself is wrong;
 * - `run`: the model failed while running.
 */
export class ModelError extends Schema.TaggedError<ModelError>()("ModelError", {
  model: Schema.String,
  reason: Schema.Literal("unknown", "not-installed", "download", "checksum", "not-onnx", "shape", "descriptor", "run", "storage"),
  detail: Schema.String
}) {
  override get message() {
    return `model ${this.model}: ${this.detail}`
  }
}
