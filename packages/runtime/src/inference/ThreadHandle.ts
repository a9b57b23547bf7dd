import "./NoTelemetry.js"
import { Worker } from "node:worker_threads"
import type { ThreadAnswer, ThreadRequest } from "./ThreadProtocol.js"

/** How a request ended: with the thread's answer, or with the thread. */
export type ThreadOutcome = ThreadAnswer | { readonly _tag: "Died"; readonly detail: string }

/** A request and what becomes of it: exactly one of the callbacks is called, once. */
export interface ThreadWork {
  readonly request: ThreadRequest & { readonly _tag: "Verify" | "Run" }
  /** Of a run. Copied before `start` returns. */
  readonly pixels: Uint8Array
  /** Milliseconds. */
  readonly limit: number
  readonly settle: (outcome: ThreadOutcome) => void
  /** The thread was given up, `ran` milliseconds after the start. */
  readonly hung: (ran: number) => void
}

interface Running {
  readonly since: number
  readonly work: ThreadWork
}

/** The engine's end of one inference thread. A thread takes one request at a time. */
export interface ThreadHandle {
  /** Versions of models that the thread has loaded. */
  readonly loaded: Set<string>
  readonly state: () => "idle" | "busy" | "hung" | "ended"
  readonly start: (work: ThreadWork) => void
  readonly release: (key: string) => void
  /** Milliseconds that the request has been running for beyond its limit. */
  readonly overdue: () => number
  /**
   * Gives the thread up in the middle of a request. It cannot be ended by force: that would abort the process. Should it come back, it
   * ends by itself; until then it does not keep the process alive.
   */
  readonly giveUp: () => void
  /** Releases the models and ends the thread once its request is answered. */
  readonly stop: () => Promise<void>
}

export const startThread = (onEnd: (handle: ThreadHandle, detail: string) => void): ThreadHandle => {
  const worker = new Worker(new URL(import.meta.resolve("@vigil/runtime/inference/InferenceThread")), { name: "inference" })
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()))
  let state: "idle" | "busy" | "hung" | "ended" = "idle"
  let running: Running | undefined
  let lastError = ""
  /** Pixels travel in memory that both sides see: nothing is allocated per frame, which spares the collectors of both threads. */
  let memory: Uint8Array = new Uint8Array()

  const settle = (outcome: ThreadOutcome): void => {
    const work = running?.work
    running = undefined
    work?.settle(outcome)
  }

  worker.on("message", (answer: ThreadAnswer) => {
    if (state === "hung") return worker.postMessage({ _tag: "Stop" } satisfies ThreadRequest)
    if (state === "busy") state = "idle"
    settle(answer)
  })
  worker.on("error", (error) => {
    lastError = error instanceof Error ? error.message : String(error)
  })
  worker.on("exit", (code) => {
    state = "ended"
    const detail = lastError === "" ? `inference thread ended with code ${code}` : `inference thread ended: ${lastError}`
    settle({ _tag: "Died", detail })
    onEnd(handle, detail)
  })

  const handle: ThreadHandle = {
    loaded: new Set(),
    state: () => state,
    start: (work) => {
      state = "busy"
      running = { since: performance.now(), work }
      if (work.request._tag === "Verify") return worker.postMessage(work.request)
      const grown = work.pixels.length > memory.length ? new SharedArrayBuffer(work.pixels.length) : undefined
      if (grown !== undefined) memory = new Uint8Array(grown)
      memory.set(work.pixels)
      worker.postMessage({ ...work.request, memory: grown } satisfies ThreadRequest)
    },
    release: (key) => {
      if (handle.loaded.delete(key)) worker.postMessage({ _tag: "Release", key } satisfies ThreadRequest)
    },
    overdue: () => (running === undefined ? 0 : performance.now() - running.since - running.work.limit),
    giveUp: () => {
      const given = running
      state = "hung"
      running = undefined
      worker.unref()
      given?.work.hung(performance.now() - given.since)
    },
    stop: async () => {
      if (state === "hung" || state === "ended") return
      worker.postMessage({ _tag: "Stop" } satisfies ThreadRequest)
      await ended
    }
  }
  return handle
}
