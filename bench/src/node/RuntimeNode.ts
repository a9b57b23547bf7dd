import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createWriteStream } from "node:fs"
import { fileURLToPath } from "node:url"
import type { FromNode, NodeSettings, ToNode } from "./NodeProtocol.js"

/** The runtime's process did not start, or ended when it should not have. */
export class NodeFailed extends Data.TaggedError("NodeFailed")<{ readonly detail: string }> {
  override get message() {
    return `runtime process: ${this.detail}`
  }
}

/** A runtime in a process of its own. */
export interface RuntimeNode {
  readonly pid: number
  /** Base address of its WHEP endpoint, where one was asked for. */
  readonly address: string | undefined
  readonly send: (message: ToNode) => void
  /** Fails when the process ends by itself. */
  readonly ended: Effect.Effect<never, NodeFailed>
}

export interface RuntimeNodeOptions {
  readonly settings: NodeSettings
  readonly onMessage: (message: FromNode) => void
  /** A file that takes the runtime's log. */
  readonly log?: string | undefined
}

const entry = fileURLToPath(new URL("./NodeMain.js", import.meta.url))
const startLimit = "90 seconds"
const diagnosticLimit = 4000

/** Starts a runtime; it ends with the scope, media workers included. */
export const startRuntimeNode = (options: RuntimeNodeOptions): Effect.Effect<RuntimeNode, NodeFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"] })),
      stopChild
    )
    let diagnostics = ""
    const log = options.log === undefined ? undefined : createWriteStream(options.log, { flags: "a" })
    child.stderr?.on("data", (chunk: Buffer) => {
      log?.write(chunk)
      diagnostics = (diagnostics + chunk.toString()).slice(-diagnosticLimit)
    })
    let failure = ""
    child.on("message", (message: FromNode) => {
      if (message.type === "failed") failure = message.detail
      options.onMessage(message)
    })
    const ended = Effect.async<never, NodeFailed>((resume) => {
      const told = (code: number | null, signal: NodeJS.Signals | null) =>
        resume(new NodeFailed({ detail: `it ended with ${signal ?? code}: ${failure || diagnostics.trim()}` }))
      if (child.exitCode !== null || child.signalCode !== null) return told(child.exitCode, child.signalCode)
      child.once("exit", told)
      return Effect.sync(() => child.off("exit", told))
    })
    const ready = Effect.async<string | undefined>((resume) => {
      child.on("message", (message: FromNode) => {
        if (message.type === "ready") resume(Effect.succeed(message.address))
      })
      child.send({ type: "start", settings: options.settings } satisfies ToNode)
    }).pipe(
      Effect.timeoutFail({ duration: startLimit, onTimeout: () => new NodeFailed({ detail: `not ready after ${startLimit}` }) })
    )
    const address = yield* Effect.raceFirst(ready, ended)
    return {
      pid: child.pid ?? 0,
      address,
      send: (message) => {
        if (child.connected) child.send(message)
      },
      ended
    }
  })

const stopChild = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    const hard = setTimeout(() => child.kill("SIGKILL"), 12_000)
    child.once("exit", () => {
      clearTimeout(hard)
      resume(Effect.void)
    })
    if (child.connected) child.send({ type: "stop" } satisfies ToNode)
    else child.kill("SIGTERM")
  })
