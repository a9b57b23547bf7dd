import { execFile, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { Data, Effect } from "effect"

export interface SandboxLimits {
  /** Milliseconds for starting and answering. */
  readonly time: number
  /** Bytes of resident memory (Linux only). */
  readonly memory: number
}

export const defaultSandboxLimits: SandboxLimits = { time: 60_000, memory: 3 * 2 ** 30 }

/** The process gave no answer: it could not be started, took too long or too much, or died. `detail` is the end of a sentence about it. */
export class SandboxFault extends Data.TaggedError("SandboxFault")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

export interface SandboxCall {
  /** URL of the module that answers one question: see `answerOnce`. */
  readonly program: URL
  /** JSON. */
  readonly request: object
  /** Files that it may read besides its own program, as absolute paths: it runs in `/`. */
  readonly files: ReadonlyArray<string>
  readonly limits: SandboxLimits
}

const memoryCheckInterval = 50

/** Bytes of the longest answer: a descriptor with ten thousand classes is shorter. */
const longestAnswer = 2 ** 21

/**
 * Asks a program in a process of its own, which is killed when it takes too long or too much memory, so that a hostile or broken file can crash nothing else. It has nothing of
 * the node's environment, which may hold secrets; it may write no file and start nothing; where Linux lets an ordinary program do so it has no network either. See
 * docs/adr/0024.
 */
export const askSandboxed = (call: SandboxCall): Effect.Effect<unknown, SandboxFault> =>
  Effect.flatMap(confinement, (confined) => ask(call, confined))

const ask = ({ files, limits, program, request }: SandboxCall, confined: Confinement) =>
  Effect.async<unknown, SandboxFault>((resume) => {
    const finish = (exit: Effect.Effect<unknown, SandboxFault>) => {
      stop()
      resume(exit)
    }
    const fail = (detail: string) => finish(Effect.fail(new SandboxFault({ detail })))
    const [command, ...words] = [...confined, process.execPath]
    const child = spawn(command ?? process.execPath, [...words, ...permissions(program, files), fileURLToPath(program)], {
      env: {},
      cwd: "/",
      stdio: ["pipe", "ignore", "ignore", "pipe"]
    })
    const stop = () => {
      clearTimeout(timer)
      clearInterval(memoryTimer)
      child.kill("SIGKILL")
    }
    const timer = setTimeout(() => fail(`did not finish a test run within ${limits.time / 1000} s`), limits.time)
    const memoryTimer = setInterval(() => {
      void residentMemory(child.pid).then((memory) => {
        if (memory > limits.memory) fail(`takes more than ${Math.floor(limits.memory / 2 ** 20)} MiB of memory`)
      })
    }, memoryCheckInterval)

    const answer: Array<Buffer> = []
    let length = 0
    const [, , , told] = child.stdio
    if (told instanceof Readable) {
      told.on("data", (chunk: Buffer) => {
        length += chunk.length
        if (length > longestAnswer) fail("the test run answered too much")
        else answer.push(chunk)
      })
    }
    child.once("error", (cause) => fail(`the test run cannot be started: ${cause.message}`))
    child.once("close", (code, signal) => {
      if (length === 0) return fail(`the test run ended with ${signal ?? `code ${code}`}`)
      finish(
        Effect.try({
          try: (): unknown => JSON.parse(Buffer.concat(answer).toString()),
          catch: () => new SandboxFault({ detail: "the test run answered with something else" })
        })
      )
    })
    // Where it has ended already, that is told by its end.
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(JSON.stringify(request))
    return Effect.sync(stop)
  })

const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission"

/** The folders that hold a program and what it imports: those of its package and of the installation. */
const programFolders = (program: URL): ReadonlyArray<string> => {
  const runtime = createRequire(program).resolve("onnxruntime-node/package.json")
  const installation = runtime.slice(0, runtime.lastIndexOf(`${join("node_modules", "onnxruntime-node")}`))
  const ownPackage = dirname(dirname(dirname(fileURLToPath(program))))
  return [...new Set([installation, dirname(ownPackage)])]
}

/** Node's permission model: only these files are read, nothing is written, no process or thread is started; the addon of ONNX Runtime is let in. */
const permissions = (program: URL, files: ReadonlyArray<string>): ReadonlyArray<string> => [
  flag,
  "--no-warnings",
  "--allow-addons",
  ...[...programFolders(program).map((folder) => join(folder, "*")), ...files].map((path) => `--allow-fs-read=${path}`)
]

/** Programs that are put before Node's; each replaces itself by what follows. */
type Confinement = ReadonlyArray<string>

/** No file grows, no memory image is left behind; and a user and network namespace without a network. */
const limiter = ["prlimit", "--fsize=0", "--core=0"]
const isolator = ["unshare", "--user", "--net", "--ipc"]

/** Milliseconds. What is only slow must not be taken for what does not work: it would be left out for as long as this process lives. */
const probeLimit = 30_000

const works = ([program = "", ...words]: Confinement): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    execFile(program, [...words, process.execPath, "--version"], { timeout: probeLimit, env: pathOnly }, (error) =>
      resume(Effect.succeed(error === null))
    )
  })

const pathOnly = { PATH: "/usr/bin:/bin" }

const absolute = ([program = "", ...words]: Confinement): Confinement => [join("/usr/bin", program), ...words]

/** What of it this machine allows, which does not change while the process lives. */
const confinement: Effect.Effect<Confinement> = Effect.runSync(
  Effect.cached(
    Effect.gen(function* () {
      const found: Array<string> = []
      for (const means of [absolute(limiter), absolute(isolator)]) if (yield* works([...found, ...means])) found.push(...means)
      return found
    })
  )
)

/** Whether this machine lets the sandbox have no network. */
export const isNetworkless: Effect.Effect<boolean> = Effect.map(confinement, (means) => means.includes("--net"))

/** 0 where the process is gone or the machine cannot say. */
const residentMemory = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
