import "./NoTelemetry.js"
import { createHash } from "node:crypto"
import { mkdir, readFile, rename, rm } from "node:fs/promises"
import { cpus } from "node:os"
import { join } from "node:path"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { cornersToSource } from "@vigil/core/geometry/PictureTransform"
import { defaultSuppression, makeSuppressor, type Suppressor } from "@vigil/core/NonMaximumSuppression"
import * as Either from "effect/Either"
import { env, InferenceSession, Tensor } from "onnxruntime-node"
import { ModelFault } from "../model/ModelFault.js"
import { withInputShape } from "../model/OnnxFile.js"
import { adapters } from "./adapter/Adapters.js"
import type { RawOutput } from "./adapter/OutputAdapter.js"
import { CandidateBuffer } from "./CandidateBuffer.js"
import type { ModelPicture } from "./InferenceEngine.js"
import { type InputTensor, makeInputTensor } from "./InputTensor.js"
import { transformOf } from "./PictureLayout.js"
import { detectionStride, type SessionModel } from "./SessionModel.js"

/** Input sizes whose memory is kept; cameras come in few aspect ratios. */
const keptWorkspaces = 8

/** A model loaded in this thread: pixels in, detections out. One call at a time; a run blocks the thread. */
export class ModelSession {
  /** Why it does not run on the provider that was asked for. */
  readonly note: string | undefined
  readonly #model: SessionModel
  readonly #session: InferenceSession
  readonly #workspaces = new Map<string, Workspace>()
  readonly #candidates = new CandidateBuffer()
  readonly #suppressor: Suppressor

  private constructor(model: SessionModel, session: InferenceSession, note: string | undefined) {
    this.#model = model
    this.#session = session
    this.note = note
    this.#suppressor = makeSuppressor({
      ...defaultSuppression,
      overlap: model.thresholds.overlap,
      confidence: model.thresholds.confidence
    })
  }

  /** Rejects with a {@link ModelFault} `not-onnx` where the runtime refuses the graph. */
  static async open(model: SessionModel): Promise<ModelSession> {
    const graph = model.flexible ? withFreeSize(model) : Uint8Array.from(model.bytes)
    const opened = await openSession(graph, model).catch((cause: unknown) => {
      throw new ModelFault(model.model, "not-onnx", `ONNX Runtime cannot load it: ${messageOf(cause)}`)
    })
    return new ModelSession(model, opened.session, opened.note)
  }

  /**
   * Runs the model on a grey picture and checks what comes out: rejects with a {@link ModelFault} `shape` or `run`. A flexible model
   * is also run with a smaller input.
   */
  async verify(): Promise<void> {
    const { size } = this.#model.input
    await this.#verifySize(size)
    if (this.#model.flexible) await this.#verifySize(smallerSize(size))
  }

  async #verifySize(size: Size): Promise<void> {
    const grey = new Uint8Array(size.width * size.height * 3).fill(128)
    await this.infer(grey, { content: size, input: size, format: "rgb24" }, size)
  }

  /** Detections as `detectionStride` numbers each, best first. `pixels` as `picture` says. */
  async infer(pixels: Uint8Array, picture: ModelPicture, source: Size): Promise<Float32Array> {
    const { model, adapter, classes, thresholds, input } = this.#model
    const transform = transformOf(input, picture, source)
    const workspace = this.#workspace(picture.input)
    workspace.tensor.fill(pixels, transform.content)
    const outputs = await this.#run(workspace)
    const family = adapters[adapter]
    if (!family.matches(outputs, picture.input, classes)) {
      const found = outputs.map((output) => `${output.name} [${output.dims.join(", ")}]`).join(", ")
      throw new ModelFault(
        model,
        "shape",
        `outputs are ${found}; ${adapter} with ${classes} classes gives ${family.expected(picture.input, classes)} for an input of ${picture.input.width}x${picture.input.height}`
      )
    }
    const candidates = this.#candidates
    candidates.clear()
    family.decode(outputs, picture.input, classes, thresholds.confidence, candidates)
    const kept = this.#suppressor.run(candidates)
    cornersToSource(transform, candidates.boxes, candidates.count)
    return packDetections(candidates, kept)
  }

  async release(): Promise<void> {
    await this.#session.release()
  }

  #workspace(size: Size): Workspace {
    const key = `${size.width}x${size.height}`
    const known = this.#workspaces.get(key)
    if (known !== undefined) return known
    if (this.#workspaces.size >= keptWorkspaces) this.#workspaces.clear()
    const tensor = makeInputTensor(this.#model.input, size)
    const { data, dims } = tensor
    const feed = data instanceof Float32Array ? new Tensor("float32", data, dims) : new Tensor("uint8", data, dims)
    const made = { tensor, feeds: { [this.#model.input.name]: feed }, outputs: undefined }
    this.#workspaces.set(key, made)
    return made
  }

  async #run(workspace: Workspace): Promise<ReadonlyArray<RawOutput>> {
    if (workspace.outputs !== undefined) {
      await this.#session.run(workspace.feeds, workspace.outputs.tensors).catch((cause: unknown) => {
        // Perhaps the shapes depend on the picture: the next run finds them anew.
        workspace.outputs = undefined
        throw runError(this.#model.model, cause)
      })
      return workspace.outputs.raw
    }
    const results = await this.#session.run(workspace.feeds).catch((cause: unknown) => {
      throw runError(this.#model.model, cause)
    })
    workspace.outputs = makeOutputs(results)
    const outputs: Array<RawOutput> = []
    for (const [name, { dims, data }] of Object.entries(results)) {
      if (data instanceof Float32Array) outputs.push({ name, dims, data })
    }
    return outputs
  }
}

/**
 * The memory of a model's inputs and outputs for one input size. Outputs that were allocated for each run, nearly a megabyte each,
 * would have the garbage collector take a twentieth of the thread's time.
 */
interface Workspace {
  readonly tensor: InputTensor
  readonly feeds: Record<string, Tensor>
  outputs: Outputs | undefined
}

interface Outputs {
  readonly tensors: Record<string, Tensor>
  readonly raw: ReadonlyArray<RawOutput>
}

/** Memory for outputs like these, where all of them are numbers that an adapter could read. */
const makeOutputs = (results: InferenceSession.ReturnType): Outputs | undefined => {
  const raw: Array<RawOutput> = []
  const tensors: Record<string, Tensor> = {}
  for (const [name, { dims, type, size }] of Object.entries(results)) {
    if (type !== "float32") return undefined
    const data = new Float32Array(size)
    raw.push({ name, dims, data })
    tensors[name] = new Tensor("float32", data, dims)
  }
  return { raw, tensors }
}

const runError = (model: string, cause: unknown): ModelFault => new ModelFault(model, "run", `ONNX Runtime: ${messageOf(cause)}`)

/** A smaller input that a flexible graph of this size must take too: what 16:9 needs of a square, or the other way round. */
const smallerSize = (size: Size): Size => {
  const height = Math.ceil((size.width * 9) / 16 / 32) * 32
  return height < size.height
    ? { width: size.width, height }
    : { width: Math.max(32, Math.floor(size.width / 64) * 32), height: size.height }
}

const withFreeSize = (model: SessionModel): Uint8Array => {
  const dims = model.input.layout === "nchw" ? [1, 3, "height", "width"] : [1, "height", "width", 3]
  return Either.getOrThrowWith(
    withInputShape(model.bytes, model.input.name, dims),
    ({ detail }) => new ModelFault(model.model, "not-onnx", detail)
  )
}

const packDetections = (candidates: CandidateBuffer, kept: Uint32Array): Float32Array => {
  const { boxes, scores, classes } = candidates
  const packed = new Float32Array(kept.length * detectionStride)
  let to = 0
  for (const at of kept) {
    const left = boxes[at * 4]
    const top = boxes[at * 4 + 1]
    const width = boxes[at * 4 + 2] - left
    const height = boxes[at * 4 + 3] - top
    // Lies in the padding.
    if (!(width > 0 && height > 0)) continue
    packed.set([classes[at], scores[at], left, top, width, height], to)
    to += detectionStride
  }
  return packed.slice(0, to)
}

interface OpenedSession {
  readonly session: InferenceSession
  readonly note: string | undefined
}

const baseOptions: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 4
}

const openSession = async (graph: Uint8Array, { provider, cache }: SessionModel): Promise<OpenedSession> => {
  if (provider === "cpu") return { session: await openOnCpu(graph, cache), note: undefined }
  try {
    return {
      session: await InferenceSession.create(graph, { ...baseOptions, executionProviders: [provider, "cpu"] }),
      note: undefined
    }
  } catch (cause) {
    return {
      session: await openOnCpu(graph, cache),
      note: `${provider} cannot be used, running on the CPU instead: ${messageOf(cause)}`
    }
  }
}

const openOnCpu = async (graph: Uint8Array, cache: string | undefined): Promise<InferenceSession> => {
  if (cache === undefined) return InferenceSession.create(graph, { ...baseOptions, graphOptimizationLevel: "all" })
  const identity = createHash("sha256")
    .update(graph)
    .update(env.versions.common)
    .update(cpus()[0]?.model ?? process.arch)
    .digest("hex")
  const file = join(cache, `${identity}.optimised.onnx`)
  // swallowed: not made yet, or unreadable; made anew below.
  const optimised = await readFile(file).catch(() => undefined)
  if (optimised !== undefined) {
    try {
      return await InferenceSession.create(optimised, { ...baseOptions, graphOptimizationLevel: "disabled" })
    } catch {
      // Written by another version or cut off: made anew below.
      await rm(file, { force: true })
    }
  }
  await mkdir(cache, { recursive: true })
  const written = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`
  const session = await InferenceSession.create(graph, {
    ...baseOptions,
    graphOptimizationLevel: "all",
    optimizedModelFilePath: written
  })
  await rename(written, file)
  return session
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
