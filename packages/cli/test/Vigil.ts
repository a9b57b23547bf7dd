import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { format } from "node:util"
import { commandLine, exitCode } from "@vigil/cli/CommandLine"
import { ConfigProvider, Console, Effect } from "effect"

const cli = join(import.meta.dirname, "../bin/vigil.js")

/** A call of the built command line that has come to its end. */
export interface Called {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** A call that goes on: a server, a demonstration, a simulator. */
export interface Running {
  readonly process: ChildProcess
  readonly printed: () => { readonly stdout: string; readonly stderr: string }
  readonly ended: Promise<Called>
}

type Environment = Readonly<Record<string, string>>

/** Only what is named: a test's result must not depend on the environment it runs in. */
const environment = (named: Environment): Environment => ({
  PATH: process.env["PATH"] ?? "",
  HOME: tmpdir(),
  VIGIL_HOST: "127.0.0.1",
  VIGIL_PORT: "0",
  VIGIL_LOG_FORMAT: "json",
  ...named
})

const start = (args: ReadonlyArray<string>, named: Environment): Running => {
  const child = spawn(process.execPath, [cli, ...args], { env: environment(named), stdio: ["ignore", "pipe", "pipe"] })
  const stdout: Array<Buffer> = []
  let stderr = ""
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = new Promise<Called>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }))
  })
  return { process: child, ended, printed: () => ({ stdout: Buffer.concat(stdout).toString(), stderr }) }
}

/** Calls `vigil` as a process of its own and waits for its end: for what only a process shows. */
export const vigilProcess = (args: ReadonlyArray<string>, named: Environment = {}): Effect.Effect<Called> =>
  Effect.promise(() => start(args, named).ended)

/** Runs the work with a Console that keeps what is printed. */
const printing = <A, E, R>(work: Effect.Effect<A, E, R>, stdout: Array<string>, stderr: Array<string>) =>
  Console.consoleWith((console) => {
    const to =
      (lines: Array<string>) =>
      (...parts: ReadonlyArray<unknown>) =>
        void lines.push(`${format(...parts)}\n`)
    const [log, error] = [to(stdout), to(stderr)]
    return Effect.withConsole(work, {
      ...console,
      log: (...parts: ReadonlyArray<unknown>) => Effect.sync(() => log(...parts)),
      error: (...parts: ReadonlyArray<unknown>) => Effect.sync(() => error(...parts)),
      unsafe: { ...console.unsafe, log, error }
    })
  })

/**
 * Calls `vigil` in this process and waits for its end: the whole command line but for the process around it, whose start takes a second of a
 * core. What commands write past the Console, pictures and records, shows with `vigilProcess` only.
 */
export const vigil = (args: ReadonlyArray<string>, named: Environment = {}): Effect.Effect<Called> =>
  Effect.promise(async (signal) => {
    const [stdout, stderr]: [Array<string>, Array<string>] = [[], []]
    const variables = ConfigProvider.fromMap(new Map(Object.entries(environment(named))), { pathDelim: "_", seqDelim: "," })
    const call = commandLine(args, { columns: 100, noColor: false }).pipe(Effect.withConfigProvider(variables))
    const exit = await Effect.runPromiseExit(printing(call, stdout, stderr), { signal })
    return { code: exitCode(exit), stdout: Buffer.from(stdout.join("")), stderr: stderr.join("") }
  })

/** Calls `vigil`, expects exit code 0, and reads the JSON that it prints. */
export const vigilJson = (args: ReadonlyArray<string>, named: Environment = {}): Effect.Effect<unknown> =>
  Effect.map(vigil([...args, "--json"], named), ({ code, stderr, stdout }) => {
    if (code !== 0) throw new Error(`vigil ${args.join(" ")} ended with ${code}: ${stderr}`)
    const value: unknown = JSON.parse(stdout.toString())
    return value
  })

/** Calls a `vigil` that goes on, and ends it in order when the scope closes. */
export const runningVigil = (args: ReadonlyArray<string>, named: Environment = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => start(args, named)),
    ({ ended, process: child }) =>
      Effect.promise(async () => {
        child.kill("SIGTERM")
        const hard = setTimeout(() => child.kill("SIGKILL"), 20_000)
        await ended
        clearTimeout(hard)
      })
  )

/** Waits until the condition holds, at most for the deadline in milliseconds. */
export const eventually = <A>(what: string, look: () => A | undefined, deadline = 180_000): Effect.Effect<A> =>
  Effect.promise(async () => {
    const end = performance.now() + deadline
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (performance.now() > end) throw new Error(`${what}: not within ${deadline} ms`)
      await new Promise((done) => setTimeout(done, 50))
    }
  })

/** Waits until the effect answers something that holds. */
export const until = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (answer: A) => boolean, seconds = 120) =>
  Effect.gen(function* () {
    const end = performance.now() + seconds * 1000
    for (;;) {
      const answer = yield* look
      if (holds(answer)) return answer
      if (performance.now() > end)
        return yield* Effect.dieMessage(`never: ${what}; last: ${JSON.stringify(answer)?.slice(0, 500)}`)
      yield* Effect.sleep("50 millis")
    }
  })

/** The first line that a running `vigil` prints, as JSON; fails where it ends without. */
export const firstLine = (running: Running): Effect.Effect<unknown> =>
  Effect.map(
    eventually("the first line", () => {
      const { stderr, stdout } = running.printed()
      if (stdout.includes("\n")) return stdout.split("\n")[0] ?? ""
      if (running.process.exitCode !== null) throw new Error(`it ended with ${running.process.exitCode}: ${stderr}`)
      return undefined
    }),
    (line): unknown => JSON.parse(line)
  )

/** A folder that is deleted with all that is in it when the scope closes. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-cli-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const parentOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])

const readProcess = (pid: number | string, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    // It ended between the list and the look.
    return ""
  }
}

/** A process and all below it. Linux only. */
export const processTree = (root: number, all: ReadonlyArray<string>): ReadonlyArray<number> => {
  const children = all.filter((pid) => parentOf(readProcess(pid, "stat")) === root).map(Number)
  return [root, ...children.flatMap((child) => processTree(child, all))]
}

/** Whether it runs; one that has ended and only waits to be noticed does not. */
export const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/\) Z /.test(readProcess(pid, "stat"))

/** The words that a process was called with. */
export const argumentsOf = (pid: number): string => readProcess(pid, "cmdline").replaceAll("\0", " ")
