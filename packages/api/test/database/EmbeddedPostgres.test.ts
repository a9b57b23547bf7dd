import { describe, expect, it } from "@effect/vitest"
import { describe as describeError, openClient, toEmbedded } from "@vigil/api/database/Connection"
import { startEmbeddedPostgres, type EmbeddedServer } from "@vigil/api/database/EmbeddedPostgres"
import { isRunning } from "@vigil/api/database/ProcessIdentity"
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Exit, Redacted, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { temporaryFolder } from "../TemporaryFolder.js"

const query = (server: EmbeddedServer, text: string) =>
  Effect.tryPromise(async () => {
    const client = openClient(toEmbedded(server))
    client.on("error", () => undefined)
    await client.connect()
    try {
      const { rows } = await client.query<Record<string, unknown>>(text)
      return rows
    } finally {
      await client.end()
    }
  })

const untilGone = (pid: number) =>
  Effect.repeat(
    Effect.sync(() => isRunning(pid)),
    { until: (running) => !running, schedule: Schedule.spaced("50 millis") }
  ).pipe(Effect.timeout("60 seconds"))

/** Another process that starts the server, says its pid, and waits to be killed. */
const holder = (folder: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly child: ChildProcess; readonly serverPid: number }>((resume) => {
      const program = `
        import { startEmbeddedPostgres } from "@vigil/api/database/EmbeddedPostgres"
        import { Effect } from "effect"
        await Effect.runPromise(Effect.scoped(Effect.flatMap(startEmbeddedPostgres(${JSON.stringify(folder)}), ({ pid }) => {
          console.log(pid)
          return Effect.never
        })))`
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] })
      createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed({ child, serverPid: Number(line) })))
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

describe("the embedded PostgreSQL", () => {
  it.scopedLive(
    "starts, listens on a socket only, asks for its password, stops, and keeps its data",
    () =>
      Effect.gen(function* () {
        const folder = join(yield* temporaryFolder, "postgres")
        const first = yield* Effect.scoped(
          Effect.gen(function* () {
            const server = yield* startEmbeddedPostgres(folder)
            yield* query(server, "create table kept (n int)")
            const [settings] = yield* query(
              server,
              "select current_setting('listen_addresses') as addresses, current_setting('server_version_num')::int / 10000 as major"
            )
            expect(settings).toEqual({ addresses: "", major: 18 })
            const wrong = yield* Effect.exit(query({ ...server, password: Redacted.make("wrong") }, "select 1"))
            expect(Exit.isFailure(wrong)).toBe(true)
            return server
          })
        )
        yield* untilGone(first.pid)
        expect((yield* Effect.promise(() => stat(join(folder, "password")))).mode & 0o777).toBe(0o600)
        const second = yield* startEmbeddedPostgres(folder)
        expect(yield* query(second, "select count(*)::int as n from kept")).toEqual([{ n: 0 }])
      }),
    120_000
  )

  it.scopedLive(
    "ends when its Vigil is killed, and starts again after that",
    () =>
      Effect.gen(function* () {
        const folder = join(yield* temporaryFolder, "postgres")
        const { child, serverPid } = yield* holder(folder)
        expect(isRunning(serverPid)).toBe(true)
        const refused = yield* Effect.flip(startEmbeddedPostgres(folder))
        expect(refused.message).toContain(`is in use by process ${child.pid}`)
        child.kill("SIGKILL")
        yield* untilGone(serverPid)
        const again = yield* startEmbeddedPostgres(folder)
        expect(yield* query(again, "select 1 as one")).toEqual([{ one: 1 }])
      }),
    120_000
  )

  it.scopedLive(
    "starts over a stale pid file and recovers after the server itself was killed",
    () =>
      Effect.gen(function* () {
        const folder = join(yield* temporaryFolder, "postgres")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const server = yield* startEmbeddedPostgres(folder)
            yield* query(server, "create table kept (n int)")
            process.kill(server.pid, "SIGKILL")
            yield* untilGone(server.pid)
          })
        )
        expect(yield* Effect.promise(() => readFile(join(folder, "data", "postmaster.pid"), "utf8"))).not.toBe("")
        const server = yield* startEmbeddedPostgres(folder)
        expect(yield* query(server, "select count(*)::int as n from kept")).toEqual([{ n: 0 }])
      }),
    120_000
  )

  it.scopedLive(
    "refuses data of another major version with words",
    () =>
      Effect.gen(function* () {
        const folder = join(yield* temporaryFolder, "postgres")
        yield* Effect.promise(async () => {
          await mkdir(join(folder, "data"), { recursive: true })
          await writeFile(join(folder, "data", "PG_VERSION"), "17\n")
        })
        const error = yield* Effect.flip(startEmbeddedPostgres(folder))
        expect(error.message).toMatch(/was written by PostgreSQL 17, this Vigil brings PostgreSQL 18: dump it/)
      }),
    120_000
  )

  it.scopedLive(
    "runs below folders that only their owner may enter",
    () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder
        yield* Effect.promise(() => chmod(root, 0o700))
        const server = yield* startEmbeddedPostgres(join(root, "closed", "postgres"))
        expect(yield* query(server, "select 1 as one")).toEqual([{ one: 1 }])
      }),
    120_000
  )

  it.scopedLive(
    "runs where the path is too long for a socket",
    () =>
      Effect.gen(function* () {
        const server = yield* startEmbeddedPostgres(join(yield* temporaryFolder, "x".repeat(100), "postgres"))
        expect(server.socketFolder.length).toBeLessThan(100)
        expect(yield* query(server, "select 1 as one")).toEqual([{ one: 1 }])
      }),
    120_000
  )

  it("describes errors with the server's words and code", () => {
    const cause = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" })
    expect(describeError(new SqlError({ cause, message: "outer" }))).toBe("connect failed (ECONNREFUSED)")
  })
})
