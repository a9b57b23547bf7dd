import { Worker } from "node:worker_threads"
import type { ThreadAnswer, ThreadRequest, ThreadSettings } from "./ThreadProtocol.js"

/** How a request ended: with the thread's answer, or with the thread. */
export type ThreadOutcome = ThreadAnswer | { readonly _tag: "Died"; readonly detail: string }

interface Running {
  readonly since: number
  readonly limit: number
  readonly settle: (outcome: ThreadOutcome) => void
  readonly hung: (ran: number) => void
}

/** The engine's end of one inference thread. A thread takes one request at a time. */
export interface ThreadHandle {
  /** Versions of models that the thread has loaded. */
  readonly loaded: Set<string>
  readonly state: () => "idle" | "busy" | "hung" | "ended"
  /** Exactly one of the callbacks is called, once: `hung` when the thread is given up. `limit` in milliseconds. */
  readonly start: (
    request: ThreadRequest,
    limit: number,
    settle: (outcome: ThreadOutcome) => void,
    hung: (ran: number) => void
  ) => void
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

export const startThread = (settings: ThreadSettings, onEnd: (handle: ThreadHandle, detail: string) => void): ThreadHandle => {
  const worker = new Worker(new URL("./InferenceThread.js", import.meta.url), { workerData: settings, name: "inference" })
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()))
  let state: "idle" | "busy" | "hung" | "ended" = "idle"
  let running: Running | undefined
  let lastError = ""

  const settle = (outcome: ThreadOutcome): void => {
    const { settle } = running ?? {}
    running = undefined
    settle?.(outcome)
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
    start: (request, limit, settle, hung) => {
      state = "busy"
      running = { since: performance.now(), limit, settle, hung }
      post(worker, request)
    },
    release: (key) => {
      if (handle.loaded.delete(key)) worker.postMessage({ _tag: "Release", key } satisfies ThreadRequest)
    },
    overdue: () => running === undefined ? 0 : performance.now() - running.since - running.limit,
    giveUp: () => {
      const { since = 0, hung } = running ?? {}
      state = "hung"
      running = undefined
      worker.unref()
      hung?.(performance.now() - since)
    },
    stop: async () => {
      if (state === "hung" || state === "ended") return
      worker.postMessage({ _tag: "Stop" } satisfies ThreadRequest)
      await ended
    }
  }
  return handle
}

/** Pixels that own their memory are handed over, others (a view, a pooled buffer) are copied. */
const post = (worker: Worker, request: ThreadRequest): void => {
  if (request._tag !== "Run") return worker.postMessage(request)
  const { buffer, byteLength } = request.pixels
  const owned = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  try {
    worker.postMessage(request, owned ? [buffer] : [])
  } catch (cause) {
    // Memory of a native library may refuse to be moved.
    if (!(cause instanceof DOMException)) throw cause
    worker.postMessage(request)
  }
}
