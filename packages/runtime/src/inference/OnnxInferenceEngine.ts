import { readFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import type { Detection } from "@vigil/core/Detection"
import type { ModelId } from "@vigil/core/Ids"
import type { ModelDescriptor } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import * as Either from "effect/Either"
import { checkModel, mayShrink } from "../model/CheckModel.js"
import { ModelFault } from "../model/ModelFault.js"
import { now } from "../MonotonicClock.js"
import { afterFailure, afterHang, type Circuit, closedCircuit, pause } from "./Circuit.js"
import { type InferenceEngine, type InferenceJob, type InferenceResult, type ModelKey, modelKey } from "./InferenceEngine.js"
import { defaultJobQueue, JobQueue, type JobQueueOptions } from "./JobQueue.js"
import { detectionStride, type ExecutionProvider, type SessionModel, sessionModel } from "./SessionModel.js"
import { accepts, pictureOf } from "./PictureLayout.js"
import { startThread, type ThreadHandle, type ThreadOutcome } from "./ThreadHandle.js"

/** A run that did not come back. Its thread is lost to this process, which should be replaced when it can be. */
export interface HungRun {
  readonly model: ModelId
  /** Milliseconds until it was given up. */
  readonly ran: number
  /** Threads that still work. */
  readonly threadsLeft: number
}

export interface OnnxEngineOptions {
  /** One run at a time each; by default one for each core. */
  readonly threads?: number
  readonly provider?: ExecutionProvider
  /** Folder for optimised graphs; without one each thread optimises for itself. */
  readonly cache?: string
  readonly queue?: JobQueueOptions
  /** Milliseconds after which a run counts as hung, and what loading a model may take on top of that. */
  readonly runLimit?: number
  readonly loadLimit?: number
  /** Milliseconds for which a model that nobody holds stays loaded. */
  readonly linger?: number
  readonly onHung?: (hung: HungRun) => void
  /** Something an operator should know, for example that the execution provider is missing. */
  readonly onNote?: (note: string) => void
}

interface LoadedModel {
  readonly descriptor: ModelDescriptor
  readonly session: SessionModel
  readonly key: ModelKey
  circuit: Circuit
  /** Who loaded it and has not released it. */
  holders: number
  /** Runs once nobody holds it. */
  forgetting: NodeJS.Timeout | undefined
}

interface WaitingJob {
  readonly slot: string
  readonly priority: InferenceJob["priority"]
  readonly deadline: number
  readonly job: InferenceJob
  readonly model: LoadedModel
  readonly submitted: number
}

interface WaitingLoad {
  readonly key: string
  readonly session: SessionModel
  readonly settle: (outcome: ThreadOutcome | { readonly _tag: "Hung" }) => void
}

const noThread = "no inference thread is left; restart the media worker"

const defaultLinger = 10_000

/** How often deadlines of waiting jobs and limits of running ones are looked at, in milliseconds. */
const watchInterval = 50

/** Threads that end without having answered anything, one after the other, before no new one is started. */
const toleratedDeaths = 3

export const makeOnnxInferenceEngine = (options: OnnxEngineOptions = {}): InferenceEngine => new OnnxInferenceEngine(options)

class OnnxInferenceEngine implements InferenceEngine {
  readonly #options: OnnxEngineOptions
  readonly #runLimit: number
  readonly #loadLimit: number
  readonly #queue: JobQueue<WaitingJob>
  readonly #models = new Map<ModelKey, LoadedModel>()
  readonly #loading = new Map<ModelKey, Promise<LoadedModel>>()
  readonly #loads: Array<WaitingLoad> = []
  readonly #watch: NodeJS.Timeout
  #threads: Array<ThreadHandle> = []
  #deaths = 0
  #closed = false
  #counted = { submitted: 0, done: 0, dropped: 0, failed: 0 }

  constructor(options: OnnxEngineOptions) {
    this.#options = options
    this.#runLimit = options.runLimit ?? 10_000
    this.#loadLimit = options.loadLimit ?? 60_000
    this.#queue = new JobQueue(options.queue ?? defaultJobQueue)
    const threads = Math.max(1, options.threads ?? availableParallelism())
    for (let thread = 0; thread < threads; thread++) this.#startThread()
    this.#watch = setInterval(() => this.#tick(), watchInterval)
    this.#watch.unref()
  }

  load = async (installed: InstalledModel): Promise<void> => {
    const key = modelKey(installed.descriptor)
    const loading = this.#loading.get(key) ?? this.#open(key, installed)
    const model = this.#models.get(key) ?? (await loading)
    model.holders += 1
    clearTimeout(model.forgetting)
  }

  release = (key: ModelKey): void => {
    const model = this.#models.get(key)
    if (model === undefined) return
    model.holders -= 1
    if (model.holders > 0) return
    model.forgetting = setTimeout(() => {
      this.#models.delete(key)
      for (const thread of this.#threads) thread.release(key)
    }, this.#options.linger ?? defaultLinger)
    model.forgetting.unref()
  }

  /** One load for all who want the same model at the same time. */
  #open(key: ModelKey, installed: InstalledModel): Promise<LoadedModel> {
    const known = this.#models.get(key)
    if (known !== undefined) return Promise.resolve(known)
    const loading = this.#verify(key, installed).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #verify(key: ModelKey, { descriptor, file }: InstalledModel): Promise<LoadedModel> {
    const fail = (reason: ModelFault["reason"], detail: string) => new ModelFault(descriptor.id, reason, detail)
    const bytes = await readShared(file).catch((cause: unknown) => {
      throw fail("not-installed", `cannot read ${file}: ${String(cause)}`)
    })
    const onnx = Either.getOrThrowWith(checkModel(descriptor, bytes), (error) => error)
    const { provider = "cpu", cache } = this.#options
    const options = cache === undefined ? { provider } : { provider, cache }
    const session = sessionModel(descriptor, bytes, mayShrink(descriptor, onnx), options)
    const outcome = await new Promise<Parameters<WaitingLoad["settle"]>[0]>((settle) => {
      this.#loads.push({ key, session, settle })
      this.#pump()
    })
    switch (outcome._tag) {
      case "Verified": {
        if (outcome.note !== undefined) this.#options.onNote?.(`model ${descriptor.id}: ${outcome.note}`)
        const loaded = {
          descriptor,
          key,
          session: { ...session, flexible: outcome.flexible },
          circuit: closedCircuit,
          holders: 0,
          forgetting: undefined
        }
        this.#models.set(key, loaded)
        return loaded
      }
      case "Failed":
        throw fail(outcome.reason, outcome.detail)
      case "Died":
        throw fail("run", outcome.detail)
      case "Hung":
        throw fail("run", `did not answer a test run within ${this.#loadLimit + this.#runLimit} ms`)
      case "Ran":
        throw fail("run", "the inference thread answered something else")
    }
  }

  picture: InferenceEngine["picture"] = (key, source) => {
    const model = this.#models.get(key)
    if (model === undefined) throw notLoaded(key)
    return pictureOf(model.descriptor.input, source, model.session.flexible)
  }

  submit = (job: InferenceJob): void => {
    this.#counted.submitted += 1
    if (this.#closed) return this.#finish(job, { _tag: "Dropped", reason: "closed" })
    const model = this.#models.get(job.model)
    const refusal = model === undefined ? notLoaded(job.model) : this.#refusal(job, model)
    if (model === undefined || refusal !== undefined) {
      return this.#finish(job, { _tag: "Failed", error: refusal ?? notLoaded(job.model) })
    }
    const { slot, priority, deadline } = job
    const submitted = now()
    const dropped = this.#queue.submit({ slot, priority, deadline, job, model, submitted }, submitted)
    if (dropped !== undefined) this.#finish(dropped.job.job, { _tag: "Dropped", reason: dropped.reason })
    this.#pump()
  }

  statistics: InferenceEngine["statistics"] = () => ({ ...this.#counted, waiting: this.#queue.size })

  close = async (): Promise<void> => {
    if (!this.#closed) {
      this.#closed = true
      for (const { job } of this.#queue.clear()) this.#finish(job, { _tag: "Dropped", reason: "closed" })
      for (const load of this.#loads.splice(0)) load.settle({ _tag: "Died", detail: "the engine was closed" })
    }
    await Promise.all(this.#threads.map((thread) => thread.stop()))
    clearInterval(this.#watch)
    for (const { forgetting } of this.#models.values()) clearTimeout(forgetting)
  }

  #refusal(job: InferenceJob, { descriptor, session, circuit }: LoadedModel): ModelFault | undefined {
    const fail = (detail: string) => new ModelFault(descriptor.id, "run", detail)
    const { content, input } = job.picture
    if (!accepts(descriptor.input, job.picture, session.flexible)) {
      return fail(`takes no picture of ${content.width}x${content.height} in an input of ${input.width}x${input.height}`)
    }
    if (job.pixels.length !== content.width * content.height * 3) {
      return fail(`${job.pixels.length} bytes are no picture of ${content.width}x${content.height}`)
    }
    const wait = pause(circuit, now())
    if (wait > 0) return fail(`failed ${circuit.failures} times, suspended for ${Math.ceil(wait / 1000)} s`)
    return this.#threads.length === 0 ? fail(noThread) : undefined
  }

  /** Gives every idle thread something to do: models to load first, then the queue. */
  #pump(): void {
    while (!this.#closed) {
      const idle = this.#threads.filter((thread) => thread.state() === "idle")
      const [first] = idle
      if (first === undefined) {
        if (this.#threads.length === 0) this.#failAll()
        return
      }
      const load = this.#loads.shift()
      if (load !== undefined) {
        this.#startLoad(first, load)
        continue
      }
      const time = now()
      this.#dropExpired(time)
      const waiting = this.#queue.take(time)
      if (waiting === undefined) return
      if (this.#models.get(waiting.job.model) === waiting.model) {
        this.#startRun(idle.find((thread) => thread.loaded.has(waiting.model.key)) ?? first, waiting, time)
      } else this.#finish(waiting.job, { _tag: "Dropped", reason: "replaced" })
    }
  }

  #startLoad(thread: ThreadHandle, { key, session, settle }: WaitingLoad): void {
    thread.start({
      request: { _tag: "Verify", key, model: session },
      pixels: new Uint8Array(),
      limit: this.#loadLimit + this.#runLimit,
      settle: (outcome) => {
        if (outcome._tag === "Verified") thread.loaded.add(key)
        settle(outcome)
        this.#pump()
      },
      hung: () => settle({ _tag: "Hung" })
    })
  }

  #startRun(thread: ThreadHandle, waiting: WaitingJob, started: number): void {
    const { job, model } = waiting
    const { pixels, picture, source } = job
    const loaded = thread.loaded.has(model.key)
    const limit = this.#runLimit + (loaded ? 0 : this.#loadLimit)
    thread.start({
      request: { _tag: "Run", key: model.key, model: loaded ? undefined : model.session, memory: undefined, picture, source },
      pixels,
      limit,
      settle: (outcome) => {
        if (outcome._tag === "Ran") {
          this.#deaths = 0
          thread.loaded.add(model.key)
        }
        this.#settleRun(waiting, started, outcome)
      },
      hung: (ran) => {
        model.circuit = afterHang(now())
        this.#options.onHung?.({ model: model.descriptor.id, ran, threadsLeft: this.#threads.length })
        this.#fail(job, "run", `did not answer within ${limit} ms; its thread is given up`)
      }
    })
  }

  #settleRun({ job, model, submitted }: WaitingJob, started: number, outcome: ThreadOutcome): void {
    model.circuit = outcome._tag === "Ran" ? closedCircuit : afterFailure(model.circuit, now())
    // The thread first, then whoever waits for the result.
    this.#pump()
    switch (outcome._tag) {
      case "Ran": {
        const detections = unpack(outcome.detections, model.descriptor.labels)
        return this.#finish(job, { _tag: "Done", detections, queued: started - submitted, ran: outcome.ran })
      }
      case "Failed":
        return this.#fail(job, outcome.reason, outcome.detail)
      case "Died":
        return this.#fail(job, "run", outcome.detail)
      case "Verified":
        return this.#fail(job, "run", "the inference thread answered something else")
    }
  }

  #tick(): void {
    for (const thread of [...this.#threads]) {
      if (thread.overdue() <= 0) continue
      this.#threads = this.#threads.filter((other) => other !== thread)
      thread.giveUp()
    }
    this.#dropExpired(now())
    this.#pump()
  }

  #dropExpired(time: number): void {
    for (const { job } of this.#queue.expire(time)) this.#finish(job, { _tag: "Dropped", reason: "deadline" })
  }

  #failAll(): void {
    for (const { job } of this.#queue.clear()) {
      this.#fail(job, "run", "no inference thread is left; restart the media worker")
    }
    for (const load of this.#loads.splice(0)) load.settle({ _tag: "Died", detail: noThread })
  }

  #startThread(): void {
    this.#threads.push(
      startThread((ended, detail) => {
        if (!this.#threads.includes(ended)) return
        this.#threads = this.#threads.filter((thread) => thread !== ended)
        if (this.#closed) return
        this.#deaths += 1
        this.#options.onNote?.(detail)
        if (this.#deaths <= toleratedDeaths) this.#startThread()
        this.#pump()
      })
    )
  }

  #fail(job: InferenceJob, reason: ModelFault["reason"], detail: string): void {
    const name = this.#models.get(job.model)?.descriptor.id ?? job.model
    this.#finish(job, { _tag: "Failed", error: new ModelFault(name, reason, detail) })
  }

  #finish(job: InferenceJob, result: InferenceResult): void {
    this.#counted[result._tag === "Done" ? "done" : result._tag === "Dropped" ? "dropped" : "failed"] += 1
    job.done(result)
  }
}

/** The file in memory that all threads see, so that a model is not copied for each of them. */
const readShared = async (file: string): Promise<Uint8Array> => {
  const bytes = await readFile(file)
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

const notLoaded = (model: ModelKey): ModelFault =>
  new ModelFault(model, "not-installed", "was not loaded into the inference engine")

const unpack = (packed: Float32Array, labels: ReadonlyArray<string>): ReadonlyArray<Detection> => {
  const detections: Array<Detection> = []
  for (let at = 0; at < packed.length; at += detectionStride) {
    detections.push({
      label: labels[packed[at]] ?? "unknown",
      confidence: packed[at + 1],
      box: { x: packed[at + 2], y: packed[at + 3], width: packed[at + 4], height: packed[at + 5] }
    })
  }
  return detections
}
