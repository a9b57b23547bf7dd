import { createHash } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { onnxGraph } from "@vigil/fixtures/onnx/OnnxGraph"

/** A descriptor of these bytes as a two-class YOLOX at `size`; `changes` say what is different. */
export const describeTiny = (
  bytes: Uint8Array,
  size: Size,
  changes: Partial<ConstructorParameters<typeof ModelDescriptor>[0]> = {}
): ModelDescriptor =>
  new ModelDescriptor({
    id: ModelId.make("tiny"),
    version: "1",
    title: "A tiny model",
    task: "objects",
    licence: "GPL-3.0-or-later",
    priority: "STANDARD",
    requirements: { minHeight: 0, minBitrate: 0, minDuration: 0, overlap: 0 },
    input: {
      name: "images",
      size,
      layout: "nchw",
      element: "float32",
      channels: "bgr",
      mean: [0, 0, 0],
      scale: [1, 1, 1],
      fit: "letterbox-top-left",
      padding: 114
    },
    adapter: "yolox",
    labels: ["person", "car"],
    thresholds: { confidence: 0.3, overlap: 0.5 },
    sha256: createHash("sha256").update(bytes).digest("hex"),
    bytes: bytes.length,
    ...changes
  })

/** A folder that is removed with everything in it. */
export interface Folder extends AsyncDisposable {
  readonly path: string
  readonly write: (name: string, bytes: Uint8Array) => Promise<string>
}

export const temporaryFolder = async (): Promise<Folder> => {
  const path = await mkdtemp(join(tmpdir(), "vigil-models-"))
  return {
    path,
    write: async (name, bytes) => {
      const file = join(path, name)
      await writeFile(file, bytes)
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true })
  }
}

/**
 * A YOLOX that takes any input size although it declares one: on every stride its scores are the brightness of the cell's brightest
 * pixel, so that a white square in a black picture is found where it is.
 */
export const brightnessYolox = ({ height, width }: Size): Buffer => {
  const graph = onnxGraph("brightness")
  const images = graph.input("images", [1, 3, height, width])
  const weights = graph.floats(
    [7, 3, 1, 1],
    [0, 0, 0, 0, 1, 1, 0].flatMap((weight) => Array<number>(3).fill(weight / 765))
  )
  const offsets = graph.floats([7], [0.5, 0.5, 0, 0, 0, 0, 0])
  const levels = [8, 16, 32].map((stride) => {
    const pooled = graph.node("MaxPool", [images], { kernel_shape: [stride, stride], strides: [stride, stride] })
    return graph.node("Reshape", [graph.node("Conv", [pooled, weights, offsets]), graph.integers([1, 7, -1])])
  })
  const all = graph.node("Concat", levels, { axis: 2 })
  const cells = [8, 16, 32].reduce((sum, stride) => sum + (height / stride) * (width / stride), 0)
  graph.output("output", graph.node("Transpose", [all], { perm: [0, 2, 1] }), [1, cells, 7])
  return graph.model()
}

/** A YOLOX that finds nothing in a grey picture and fails on a white one. */
export const failsOnWhite = ({ height, width }: Size): Buffer => {
  const graph = onnxGraph("fails-on-white")
  const images = graph.input("images", [1, 3, height, width])
  const cells = [8, 16, 32].reduce((sum, stride) => sum + (height / stride) * (width / stride), 0)
  const mean = graph.node("ReduceMean", [images], { keepdims: 0 })
  const index = graph.node("Cast", [graph.node("Div", [mean, graph.floats([], [100])])], { to: 7 })
  const nothing = graph.floats([2, cells, 7], new Float32Array(2 * cells * 7))
  const row = graph.node("Gather", [nothing, graph.node("Reshape", [index, graph.integers([1])])], { axis: 0 })
  graph.output("output", row, [1, cells, 7])
  return graph.model()
}
