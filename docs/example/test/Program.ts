import type { Cameras } from "@vigil/fixtures/camera/Cameras"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schedule, type Scope } from "effect"

export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-example-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** Processes of a session, as proc(5) tells: the sixth field of `stat`, the fourth after the name in parentheses. */
const processesOf = async (session: number): Promise<ReadonlyArray<number>> => {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    numbers.map(async (number) => {
      // One that ended meanwhile is none.
      const stat = await readFile(`/proc/${number}/stat`, "utf8").catch(() => "")
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      return fields[3] === String(session) && fields[0] !== "Z" ? [Number(number)] : []
    })
  )
  return found.flat()
}

/** A program of the examples in a process and a session of its own. */
export interface Program {
  readonly printed: () => string
  /** Until all that it printed is here. */
  readonly isRunning: () => boolean
  /** Its own process and all that it started. */
  readonly processes: Effect.Effect<ReadonlyArray<number>>
  /** The exit code, once it has ended by itself. */
  readonly ended: Effect.Effect<number | null>
  /** As Ctrl-C does; answers the exit code. */
  readonly end: Effect.Effect<number | null>
}

const signalAll = (child: ChildProcess, signal: NodeJS.Signals) => {
  try {
    process.kill(-(child.pid ?? 0), signal)
  } catch {
    // swallowed: all of its processes have ended
    return
  }
}

/** Runs `docs/example/dist/<name>.js` in the folder, with nothing but these variables; killed with the scope where it did not end. */
export const runProgram = (
  name: string,
  folder: string,
  variables: Readonly<Record<string, string>>
): Effect.Effect<Program, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [join(import.meta.dirname, `../dist/${name}.js`)], {
          cwd: folder,
          detached: true,
          env: { PATH: process.env["PATH"] ?? "", ...variables },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (running) => Effect.sync(() => signalAll(running, "SIGKILL"))
    )
    let printed = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text
      })
    }
    let isRunning = true
    const closed = new Promise<number | null>((resolve) => {
      child.once("close", (code) => {
        isRunning = false
        resolve(code)
      })
    })
    const ended = Effect.promise(() => closed)
    return {
      printed: () => printed,
      isRunning: () => isRunning,
      processes: Effect.promise(() => processesOf(child.pid ?? 0)),
      ended,
      // A terminal sends it to all processes in its foreground.
      end: Effect.suspend(() => {
        signalAll(child, "SIGINT")
        return ended
      })
    }
  })

/** Waits until a program has printed something of this form, not counting its first `after` characters; fails with what it printed instead. */
export const untilPrinted = (program: Program, form: RegExp, after = 0, deadline = 90_000): Effect.Effect<RegExpExecArray> =>
  Effect.promise(async () => {
    const end = performance.now() + deadline
    for (;;) {
      const isOver = !program.isRunning() || performance.now() > end
      const found = form.exec(program.printed().slice(after))
      if (found !== null) return found
      if (isOver) throw new Error(`${form} was not printed within ${deadline} ms:\n${program.printed()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

/** Waits until nobody watches the simulated cameras: they hear of the end of a program a moment after it. */
export const untilAlone = (cameras: Cameras["cameras"]): Effect.Effect<void> =>
  Effect.sync(() => cameras.every(({ sessions }) => sessions.size === 0)).pipe(
    Effect.repeat({ until: (alone) => alone, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error("a camera still has a session") }),
    // swallowed: nothing, the test fails with it
    Effect.orDie,
    Effect.asVoid
  )
