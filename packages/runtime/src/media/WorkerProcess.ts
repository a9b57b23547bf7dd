import { type ChildProcess, fork } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { EngineSettings } from "./worker/EngineModule.js"
import type { WorkerSettings } from "./worker/WorkerMain.js"
import type { FromWorker, ToWorker } from "./worker/WorkerProtocol.js"

export interface WorkerProcessOptions {
  readonly engine: EngineSettings
  /** Milliseconds without a sign of life, or in one native call, after which the process is killed. */
  readonly hangTimeout: number
  /** Bytes of resident memory above which the process is killed. */
  readonly memoryLimit: number
  readonly onReady: () => void
  readonly onMessage: (message: FromWorker) => void
  /** Once, however it ended. */
  readonly onExit: (end: WorkerEnd) => void
}

export interface WorkerEnd {
  readonly reason: string
  /** The decoders and demuxers whose native call did not come back. */
  readonly stuck: ReadonlyArray<number>
  /** Somebody else killed or stopped it (an operator, the kernel without memory): none of its tenants is to blame. */
  readonly fromOutside: boolean
}

/** One media worker process and the watch over it. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** Bytes of resident memory when it last told. */
  readonly memory: () => number
  readonly send: (message: ToWorker) => void
  readonly kill: (reason: string) => void
  /** Asks it to end, then kills it. Resolves when it is gone. */
  readonly shutdown: () => Promise<void>
}

/** Milliseconds that an orderly end may take. */
const shutdownLimit = 5000
/** Milliseconds that the process may take to start. */
const startLimit = 20_000
const diagnosticLimit = 2000

/** Signals that a process does not get for what it does itself. */
const signalsFromOutside: ReadonlyArray<NodeJS.Signals | null> = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"]

/** Whether a process stands still because of a signal (SIGSTOP; proc(5): state T). */
const isStopped = (pid: number | undefined): boolean => {
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false // no /proc here, or the process is gone
  }
}

const entry = fileURLToPath(import.meta.resolve("@vigil/runtime/media/worker/WorkerMain"))

export const startWorkerProcess = (options: WorkerProcessOptions): WorkerProcess => {
  const { hangTimeout, memoryLimit } = options
  const heartbeat = Math.max(50, Math.min(500, hangTimeout / 5))
  const settings: WorkerSettings = { engine: options.engine, heartbeat, stuckAfter: hangTimeout }
  const child: ChildProcess = fork(entry, [JSON.stringify(settings)], {
    serialization: "advanced",
    execArgv: ["--expose-gc", "--max-semi-space-size=4"],
    stdio: ["ignore", "ignore", "pipe", "ipc"]
  })
  let lastSign = performance.now()
  let lastWatch = performance.now()
  let ready = false
  let gone = false
  let memory = 0
  let killedFor: string | undefined
  let stopped = false
  let stuck: ReadonlyArray<number> = []
  let diagnostics = ""

  child.stderr?.on("data", (chunk: Buffer) => {
    diagnostics = (diagnostics + chunk.toString()).slice(-diagnosticLimit)
  })

  const kill = (reason: string) => {
    if (gone || killedFor !== undefined) return
    killedFor = reason
    child.kill("SIGKILL")
  }

  const watch = () => {
    const time = performance.now()
    // When this process itself stood still (a suspended machine, a debugger), signs of life wait in its own queue.
    const stoodStill = time - lastWatch > heartbeat * 2 + 500
    lastWatch = time
    if (stoodStill) lastSign = time
    const silence = time - lastSign
    // Nobody waits for a process that stands still: other cameras' pictures would be lost meanwhile.
    stopped = silence > heartbeat * 3 && isStopped(child.pid)
    if (silence <= (ready ? hangTimeout : startLimit) && !stopped) return
    kill(`no sign of life for ${Math.round(silence)} ms${stopped ? ", it was stopped from outside" : ""}`)
  }
  const watching = setInterval(watch, heartbeat)

  const receive = (message: FromWorker) => {
    lastSign = performance.now()
    switch (message.type) {
      case "ready": {
        ready = true
        return options.onReady()
      }
      case "alive": {
        memory = message.memory
        if (message.stuck.length > 0) {
          stuck = message.stuck
          kill(`a native call did not come back within ${hangTimeout} ms`)
        } else if (memory > memoryLimit) {
          kill(`it used ${Math.round(memory / 1e6)} MB, more than its limit of ${Math.round(memoryLimit / 1e6)} MB`)
        }
        return
      }
      case "worn-out":
        return kill(message.detail)
      default:
        return options.onMessage(message)
    }
  }

  const exited = (how: string, signal: NodeJS.Signals | null) => {
    if (gone) return
    gone = true
    clearInterval(watching)
    const said = diagnostics.trim()
    options.onExit({
      reason: killedFor ?? (said === "" ? how : `${how}: ${said}`),
      stuck,
      fromOutside: stopped || (killedFor === undefined && signalsFromOutside.includes(signal))
    })
  }

  child.on("message", (message: FromWorker) => {
    if (!gone) receive(message)
  })
  child.on("error", (error) => {
    // Also raised for a failed `send`; only a process that never started has no exit to wait for.
    if (child.pid === undefined) exited(`it could not be started: ${error.message}`, null)
  })
  child.on("exit", (code, signal) =>
    exited(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`, signal)
  )

  return {
    pid: child.pid,
    memory: () => memory,
    send: (message) => {
      // A channel that closed meanwhile is followed by `exit`, where everything in flight is counted as lost.
      if (!gone && child.connected) child.send(message, () => undefined)
    },
    kill,
    shutdown: () =>
      new Promise((resolve) => {
        if (gone) return resolve()
        const limit = setTimeout(() => kill("it did not end when it was asked to"), shutdownLimit)
        child.once("exit", () => {
          clearTimeout(limit)
          resolve()
        })
        if (child.connected) child.send({ type: "shutdown" } satisfies ToWorker, () => undefined)
        else kill("its channel is closed")
      })
  }
}
