import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { ModelId } from "@vigil/core/Ids"
import { type ModelAdapter, ModelDescriptor, ModelError, type ModelInput } from "@vigil/core/Model"
import type { ModelHints } from "@vigil/core/ModelVersion"
import { Effect, Either } from "effect"
import { adapters } from "../inference/adapter/Adapters.js"
import { cellsOf, gridOf, type OutputShape } from "../inference/adapter/OutputAdapter.js"
import { staticShapes } from "./CheckModel.js"
import { cocoLabels } from "./CocoLabels.js"
import { descriptors } from "./descriptors/Descriptors.js"
import { ModelFault } from "./ModelFault.js"
import { type OnnxFile, readOnnx } from "./OnnxFile.js"

/**
 * The descriptor of an ONNX file that somebody points at: the known one of the same checksum, else one made from the graph's inputs,
 * outputs and metadata with its family's usual preprocessing. Fails with `not-onnx`, `shape` (no family fits) or `storage`.
 */
export const describeModel = (
  file: string,
  known: ReadonlyArray<ModelDescriptor> = descriptors
): Effect.Effect<ModelDescriptor, ModelError> =>
  Effect.gen(function* () {
    const id = idOf(file)
    const bytes = yield* Effect.tryPromise({
      try: () => readFile(file),
      catch: (cause) =>
        new ModelError({
          model: id,
          reason: "storage",
          detail: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`
        })
    })
    const sha256 = createHash("sha256").update(bytes).digest("hex")
    const same = known.find((descriptor) => descriptor.sha256 === sha256)
    if (same !== undefined) return same
    const wanted = { id: ModelId.make(id), version: sha256.slice(0, 12), title: basename(file), hints: {}, sha256 }
    return yield* Either.mapLeft(
      describeBytes(wanted, bytes),
      ({ detail, reason }) => new ModelError({ model: id, reason, detail })
    )
  })

/** What is known of a model before its file was read. */
export interface ModelAnnouncement {
  readonly id: ModelId
  readonly version: string
  readonly title: string
  readonly hints: ModelHints
  readonly sha256: string
}

/** The descriptor of a file that its graph and what is said of it make; what is said counts. Fails with `not-onnx` or `shape`. */
export const describeBytes = (
  { hints, id, sha256, title, version }: ModelAnnouncement,
  bytes: Uint8Array
): Either.Either<ModelDescriptor, ModelFault> => {
  const read = readOnnx(bytes)
  if (Either.isLeft(read)) return Either.left(new ModelFault(id, "not-onnx", read.left.detail))
  const guess = hintedModel(hints) ?? guessModel(read.right)
  if (typeof guess === "string") return Either.left(new ModelFault(id, "shape", guess))
  const adapter = hints.adapter ?? guess.adapter
  const usual = adapter === guess.adapter ? guess.input : { ...guess.input, ...preprocessing(adapter, guess.input.element) }
  return Either.right(
    ModelDescriptor.make({
      id,
      version,
      title: hints.title ?? title,
      task: hints.task ?? "objects",
      licence: hints.licence ?? wordIn(read.right.metadata.get("license")) ?? "LicenseRef-unknown",
      priority: hints.priority ?? "STANDARD",
      requirements: hints.requirements ?? { minHeight: 0, minBitrate: 0, minDuration: 0, overlap: 0 },
      input: hints.input ?? usual,
      adapter,
      labels: hints.labels ?? guess.labels,
      thresholds: hints.thresholds ?? { confidence: adapter === "nanodet" ? 0.4 : 0.3, overlap: 0.45 },
      sha256,
      bytes: bytes.length
    })
  )
}

const longestWord = 100

/** What a file says of itself may be of any length. */
const wordIn = (text: string | undefined): string | undefined => {
  const word = text?.trim().slice(0, longestWord)
  return word === "" ? undefined : word
}

/** Where everything is said, nothing has to be guessed. */
const hintedModel = ({ adapter, input, labels }: ModelHints): Guess | undefined =>
  adapter === undefined || input === undefined || labels === undefined ? undefined : { adapter, input, labels }

/** The file's name as a model id. */
const idOf = (file: string): string => {
  const name = basename(file, ".onnx")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64)
  return name === "" ? "model" : name
}

interface Guess {
  readonly adapter: ModelAdapter
  readonly input: ModelInput
  readonly labels: ModelDescriptor["labels"]
}

const mostClasses = 10_000

/** Used where the graph leaves height and width open. */
const defaultSize: Size = { width: 640, height: 640 }

/** What the model is, or why that cannot be told. */
const guessModel = (onnx: OnnxFile): Guess | string => {
  const [value, ...others] = onnx.inputs
  const dims = value?.dims
  if (value === undefined || others.length > 0 || dims?.length !== 4) {
    return `a detector has one input of four dimensions, this file has ${onnx.inputs.length === 1 ? "another shape" : `${onnx.inputs.length} inputs`}`
  }
  if (value.element !== "float32" && value.element !== "uint8")
    return `its input is ${value.element}; only float32 and uint8 are supported`
  const layout = dims[1] === 3 ? "nchw" : dims[3] === 3 ? "nhwc" : undefined
  if (layout === undefined) return `its input [${dims.join(", ")}] is no picture of three channels`
  const [height, width] = layout === "nchw" ? [dims[2], dims[3]] : [dims[1], dims[2]]
  const size = {
    width: typeof width === "number" && width > 0 ? width : defaultSize.width,
    height: typeof height === "number" && height > 0 ? height : defaultSize.height
  }
  const found = guessFamily(onnx, size)
  if (found !== undefined && found.classes > mostClasses) return `it has ${found.classes} classes, more than ${mostClasses}`
  if (found === undefined) {
    const outputs = onnx.outputs
      .map(({ name, dims }) => `${name} [${dims?.map((dim) => dim ?? "?").join(", ") ?? "..."}]`)
      .join(", ")
    return `its outputs ${outputs} are those of no known family (${Object.keys(adapters).join(", ")}); import it with a descriptor`
  }
  return {
    adapter: found.adapter,
    input: { name: value.name, size, layout, element: value.element, ...preprocessing(found.adapter, value.element) },
    labels: labelsOf(onnx, found.classes)
  }
}

const guessFamily = (onnx: OnnxFile, size: Size): { readonly adapter: ModelAdapter; readonly classes: number } | undefined => {
  const shapes = staticShapes(onnx)
  if (shapes === undefined) return guessOpenFamily(onnx)
  const finest = gridOf(size, 8)
  const candidates: ReadonlyArray<readonly [ModelAdapter, (shape: OutputShape) => number]> = [
    ["yolov8", ({ dims }) => (dims[2] === cellsOf(size) ? (dims[1] ?? 0) - 4 : 0)],
    [decodes(onnx) ? "yolov5" : "yolox", ({ dims }) => (dims[1] === cellsOf(size) ? (dims[2] ?? 0) - 5 : 0)],
    ["yolov5", ({ dims }) => (dims[1] === cellsOf(size) * 3 ? (dims[2] ?? 0) - 5 : 0)],
    ["nanodet", ({ dims }) => (dims.at(-2) === finest.columns * finest.rows ? (dims.at(-1) ?? 0) : 0)]
  ]
  for (const [adapter, classesOf] of candidates) {
    for (const shape of shapes) {
      const classes = classesOf(shape)
      if (classes > 0 && adapters[adapter].matches(shapes, size, classes)) return { adapter, classes }
    }
  }
  return undefined
}

/** The same where only the number of boxes is open: which side of the output is fixed gives the family away. */
const guessOpenFamily = (onnx: OnnxFile): { readonly adapter: ModelAdapter; readonly classes: number } | undefined => {
  const [first] = onnx.outputs
  if (first?.dims?.length !== 3) return undefined
  const [, rows, columns] = first.dims
  if (typeof rows === "number" && rows > 4 && typeof columns !== "number") return { adapter: "yolov8", classes: rows - 4 }
  if (typeof columns === "number" && columns > 5 && typeof rows !== "number") {
    return { adapter: decodes(onnx) || onnx.metadata.has("stride") ? "yolov5" : "yolox", classes: columns - 5 }
  }
  return undefined
}

/** Whether boxes are decoded in the graph: YOLOX needs exponentials for that. */
const decodes = (onnx: OnnxFile): boolean => onnx.operators.has("Exp")

const preprocessing = (
  adapter: ModelAdapter,
  element: ModelInput["element"]
): Pick<ModelInput, "channels" | "mean" | "scale" | "fit" | "padding"> => {
  const raw = { mean: [0, 0, 0], scale: [1, 1, 1] } as const
  switch (adapter) {
    case "yolox":
      return { channels: "bgr", ...raw, fit: "letterbox-top-left", padding: 114 }
    case "yolov5":
    case "yolov8":
      return {
        channels: "rgb",
        ...(element === "uint8" ? raw : { ...raw, scale: [255, 255, 255] }),
        fit: "letterbox-centre",
        padding: 114
      }
    case "nanodet":
      return {
        channels: "bgr",
        mean: [103.53, 116.28, 123.675],
        scale: [57.375, 57.12, 58.395],
        fit: "letterbox-centre",
        padding: 0
      }
  }
}

/** Ultralytics writes its classes into the file as a Python dictionary: `{0: 'person', 1: 'bicycle'}`. */
const labelsOf = (onnx: OnnxFile, classes: number): ModelDescriptor["labels"] => {
  const names = new Map<number, string>()
  for (const [, index, , name] of (onnx.metadata.get("names") ?? "").matchAll(/(\d+):\s*(['"])(.*?)\2/g)) {
    const word = wordIn(name)
    if (word !== undefined) names.set(Number(index), word)
  }
  const fallback = (kind: number) => (classes === cocoLabels.length ? (cocoLabels[kind] ?? `class-${kind}`) : `class-${kind}`)
  const label = (kind: number) => names.get(kind) ?? fallback(kind)
  return [label(0), ...Array.from({ length: classes - 1 }, (_, at) => label(at + 1))]
}
