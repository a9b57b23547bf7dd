import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { ModelDescriptor } from "@vigil/core/Model"
import * as Either from "effect/Either"
import { adapters } from "../inference/adapter/Adapters.js"
import type { OutputShape } from "../inference/adapter/OutputAdapter.js"
import { ModelFault } from "./ModelFault.js"
import { type OnnxFile, type OnnxValue, readOnnx } from "./OnnxFile.js"

const largestInput = 4096 * 4096

/** What is wrong with a descriptor by itself. */
export const descriptorFault = ({ id, input }: ModelDescriptor): ModelFault | undefined => {
  const fault = (detail: string) => new ModelFault(id, "descriptor", detail)
  if (input.scale.some((scale) => !Number.isFinite(scale) || scale === 0) || !input.mean.every(Number.isFinite)) {
    return fault("mean and scale of the input must be numbers, and scale not 0")
  }
  return input.size.width * input.size.height > largestInput
    ? fault(`its input is larger than ${largestInput} pixels`)
    : undefined
}

/** Domains whose operators ONNX Runtime brings along. */
const domains = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])

/**
 * Compares a file with its descriptor without running it: ONNX structure, operators, the input's name, type and shape, the outputs'
 * shapes as far as the graph declares them.
 */
export const checkModel = (descriptor: ModelDescriptor, bytes: Uint8Array): Either.Either<OnnxFile, ModelFault> => {
  const fail = (reason: ModelFault["reason"], detail: string) => Either.left(new ModelFault(descriptor.id, reason, detail))
  const read = readOnnx(bytes)
  if (Either.isLeft(read)) return fail("not-onnx", read.left.detail)
  const onnx = read.right
  const foreign = [...onnx.operators.keys()].find(
    (operator) => operator.includes(":") && !domains.has(operator.split(":")[0] ?? "")
  )
  if (foreign !== undefined) return fail("not-onnx", `uses the operator ${foreign}, which ONNX Runtime does not have`)
  const input = inputMismatch(descriptor, onnx)
  if (input !== undefined) return fail("shape", input)
  const output = outputMismatch(descriptor, onnx)
  return output === undefined ? Either.right(onnx) : fail("shape", output)
}

const inputMismatch = ({ input }: ModelDescriptor, onnx: OnnxFile): string | undefined => {
  const found = onnx.inputs.map(show).join(", ")
  const { width, height } = input.size
  const wanted = input.layout === "nchw" ? [1, 3, height, width] : [1, height, width, 3]
  const expected = `the descriptor expects ${input.name} ${input.element} [${wanted.join(", ")}], the file has ${found}`
  const [value, ...others] = onnx.inputs
  if (value === undefined || others.length > 0 || value.name !== input.name || value.element !== input.element) return expected
  if (value.dims === undefined) return undefined
  const suits = value.dims.length === 4 && value.dims.every((dim, at) => typeof dim !== "number" || dim === wanted[at])
  return suits ? undefined : expected
}

const outputMismatch = ({ adapter, input, labels }: ModelDescriptor, onnx: OnnxFile): string | undefined => {
  const shapes = staticShapes(onnx)
  if (shapes === undefined || adapters[adapter].matches(shapes, input.size, labels.length)) return undefined
  const found = onnx.outputs.map(show).join(", ")
  const expected = adapters[adapter].expected(input.size, labels.length)
  return `${adapter} with ${labels.length} classes gives ${expected}, the file has ${found}`
}

/** Shapes of the outputs where the graph fixes all of them; a dynamic first dimension counts as a batch of one. */
export const staticShapes = (onnx: OnnxFile): ReadonlyArray<OutputShape> | undefined => {
  const shapes: Array<OutputShape> = []
  for (const { name, dims } of onnx.outputs) {
    if (dims === undefined) return undefined
    const sizes = dims.map((dim, at) => (typeof dim === "number" ? dim : at === 0 ? 1 : undefined))
    const known = sizes.filter((size) => size !== undefined)
    if (known.length !== sizes.length) return undefined
    shapes.push({ name, dims: known })
  }
  return shapes
}

const show = ({ name, element, dims }: OnnxValue): string =>
  `${name} ${element} [${dims?.map((dim) => dim ?? "?").join(", ") ?? "..."}]`

/** Operators that work on any picture size as long as their constants do, which the run with a smaller input tells. */
const sizeless = new Set([
  "Add",
  "AveragePool",
  "BatchNormalization",
  "Cast",
  "Clip",
  "Concat",
  "Constant",
  "Conv",
  "ConvTranspose",
  "Div",
  "Elu",
  "Exp",
  "Gather",
  "GlobalAveragePool",
  "HardSigmoid",
  "HardSwish",
  "Identity",
  "LeakyRelu",
  "MaxPool",
  "Mish",
  "Mul",
  "PRelu",
  "Pad",
  "Pow",
  "ReduceMean",
  "Relu",
  "Reshape",
  "Resize",
  "Shape",
  "Sigmoid",
  "Slice",
  "Softmax",
  "Softplus",
  "Split",
  "Squeeze",
  "Sub",
  "Tanh",
  "Transpose",
  "Unsqueeze",
  "Upsample"
])

/**
 * Whether a graph may be tried with a smaller input than it declares: its height and width are free already, or it only holds
 * operators that do not care. Letterboxed pictures only; a stretched one always has the model's size.
 */
export const mayShrink = (descriptor: ModelDescriptor, onnx: OnnxFile): boolean => {
  const { fit, size } = descriptor.input
  if (fit === "stretch" || !isMultiple(size)) return false
  return [...onnx.operators.keys()].every((operator) => sizeless.has(operator))
}

const isMultiple = ({ width, height }: Size): boolean => width % 32 === 0 && height % 32 === 0 && (width > 32 || height > 32)
