import { fork } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { type ModelDescriptor, ModelError } from "@vigil/core/Model"
import { Effect } from "effect"
import { type SessionModel, sessionModel } from "../inference/SessionModel.js"

/** What the child is asked to try; it reads the bytes from the file. */
export interface TestRunRequest {
  readonly file: string
  /** A flexible one is also tried with a smaller input. That it does not take one is no fault. */
  readonly model: Omit<SessionModel, "bytes">
}

export type TestRunAnswer =
  | { readonly _tag: "Passed" }
  | { readonly _tag: "Refused"; readonly reason: ModelError["reason"]; readonly detail: string }

export interface TestRunLimits {
  /** Milliseconds for starting, loading and running. */
  readonly time: number
  /** Bytes of resident memory (Linux only). */
  readonly memory: number
}

export const defaultTestRunLimits: TestRunLimits = { time: 60_000, memory: 3 * 2 ** 30 }

const memoryCheckInterval = 50

/**
 * Loads and runs a model once in a process of its own, which is killed when it takes too long or too much memory: a hostile or broken
 * file can crash nothing else. Fails with `not-onnx`, `shape` or `run`.
 */
export const testRun = (
  descriptor: ModelDescriptor,
  file: string,
  mayShrink: boolean,
  limits: TestRunLimits = defaultTestRunLimits
): Effect.Effect<void, ModelError> =>
  Effect.async<void, ModelError>((resume) => {
    const finish = (exit: Effect.Effect<void, ModelError>) => {
      stop()
      resume(exit)
    }
    const fail = (reason: ModelError["reason"], detail: string) =>
      finish(Effect.fail(new ModelError({ model: descriptor.id, reason, detail })))
    const child = fork(fileURLToPath(new URL("./TestRunProcess.js", import.meta.url)), {
      // Nothing of the node's environment: it may hold secrets.
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced"
    })
    const stop = () => {
      clearTimeout(timer)
      clearInterval(memoryTimer)
      child.kill("SIGKILL")
    }
    const timer = setTimeout(() => fail("run", `did not finish a test run within ${limits.time} ms`), limits.time)
    const memoryTimer = setInterval(() => {
      void residentMemory(child.pid).then((memory) => {
        if (memory > limits.memory) fail("run", `takes more than ${Math.floor(limits.memory / 2 ** 20)} MiB of memory`)
      })
    }, memoryCheckInterval)
    child.once("message", (answer: TestRunAnswer) => {
      if (answer._tag === "Passed") finish(Effect.void)
      else fail(answer.reason, answer.detail)
    })
    child.once("error", (cause) => fail("run", `the test run cannot be started: ${cause.message}`))
    child.once("exit", (code, signal) => fail("run", `the test run ended with ${signal ?? `code ${code}`}`))
    child.send(
      {
        file,
        model: sessionModel(descriptor, new Uint8Array(), mayShrink, { provider: "cpu" })
      } satisfies TestRunRequest,
      (cause) => {
        if (cause !== null) fail("run", `the test run cannot be started: ${cause.message}`)
      }
    )
    return Effect.sync(stop)
  })

/** 0 where the process is gone or the machine cannot say. */
const residentMemory = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
