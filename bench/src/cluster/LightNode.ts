import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createWriteStream } from "node:fs"
import { fileURLToPath } from "node:url"
import { wallClock } from "../node/NodeProtocol.js"
import type { FromLightNode, LightNodeSettings, ToLightNode } from "./LightNodeProtocol.js"

/** A node's process did not join, or ended when it should not have. */
export class LightNodeFailed extends Data.TaggedError("LightNodeFailed")<{ readonly node: string; readonly detail: string }> {
  override get message() {
    return `node ${this.node}: ${this.detail}`
  }
}

export interface LightNode {
  readonly name: string
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => void
  /** When and how it ended. */
  readonly ended: Effect.Effect<{ readonly at: number; readonly code: number | null }>
}

export interface LightNodeOptions {
  readonly settings: LightNodeSettings
  readonly onMessage: (message: FromLightNode, pid: number) => void
  readonly onEnd: (pid: number, at: number) => void
  /** A file that takes its log. */
  readonly log?: string | undefined
  /** A program that starts it, and its first words. */
  readonly within?: readonly [string, ...ReadonlyArray<string>] | undefined
}

const entry = fileURLToPath(new URL("./LightNodeMain.js", import.meta.url))
const joinLimit = "40 seconds"
const diagnosticLimit = 4000

const forkWithin = ([program, ...words]: readonly [string, ...ReadonlyArray<string>]) =>
  fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"], execPath: program, execArgv: words })

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const kill = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (hasEnded(child)) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** Starts a node, and returns when it has joined its cluster; it is killed at the end of the scope. */
export const startLightNode = (options: LightNodeOptions): Effect.Effect<LightNode, LightNodeFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { name } = options.settings
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => forkWithin(options.within === undefined ? [process.execPath] : [...options.within, process.execPath])),
      kill
    )
    const pid = child.pid ?? 0
    const log = options.log === undefined ? undefined : createWriteStream(options.log, { flags: "a" })
    let diagnostics = ""
    child.stderr?.on("data", (chunk: Buffer) => {
      log?.write(chunk)
      diagnostics = (diagnostics + chunk.toString()).slice(-diagnosticLimit)
    })
    const ended = new Promise<{ readonly at: number; readonly code: number | null }>((resolve) => {
      child.once("exit", (code) => resolve({ at: wallClock(), code }))
    })
    child.once("exit", () => options.onEnd(pid, wallClock()))
    const joined = Effect.async<void, LightNodeFailed>((resume) => {
      child.on("message", (message: FromLightNode) => {
        options.onMessage(message, pid)
        if (message.type === "joined") resume(Effect.void)
        if (message.type === "failed") resume(new LightNodeFailed({ node: name, detail: message.detail }))
      })
      child.once("exit", (code, signal) =>
        resume(new LightNodeFailed({ node: name, detail: `it ended with ${signal ?? code}: ${diagnostics.trim()}` }))
      )
      child.send({ type: "start", settings: options.settings } satisfies ToLightNode)
    })
    yield* joined.pipe(
      Effect.timeoutFail({
        duration: joinLimit,
        onTimeout: () =>
          new LightNodeFailed({ node: name, detail: `not in the cluster after ${joinLimit}: ${diagnostics.trim()}` })
      })
    )
    return { name, pid, signal: (signal) => void child.kill(signal), ended: Effect.promise(() => ended) }
  })
