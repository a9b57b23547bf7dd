import { Effect } from "effect"
import { execFile } from "node:child_process"
import { constants, existsSync } from "node:fs"
import { access, readdir, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { diskSpace } from "../DiskSpace.js"
import { type Check, fail, pass, warn } from "./Finding.js"

const run = promisify(execFile)

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const oldestNode = [20, 18] as const

export const node: Check = Effect.sync(() => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const [neededMajor, neededMinor] = oldestNode
  const isEnough = major > neededMajor || (major === neededMajor && minor >= neededMinor)
  return isEnough
    ? pass("Node.js", process.versions.node)
    : fail("Node.js", process.versions.node, `Install Node.js ${oldestNode.join(".")} or later.`)
})

export const ffmpeg: Check = Effect.tryPromise({ try: () => run("ffmpeg", ["-hide_banner", "-version"]), catch: reason }).pipe(
  Effect.match({
    onSuccess: ({ stdout }) => pass("ffmpeg", /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? "present"),
    onFailure: (error) =>
      warn("ffmpeg", `the command does not run: ${error}`, "The demo and `vigil sim` need it: apt-get install ffmpeg")
  })
)

/** The folder, or the nearest one above it that exists: a first start creates the rest. */
const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)))

const tryWriting = (folder: string) =>
  Effect.tryPromise({
    try: async () => {
      const file = join(folder, `.doctor-${process.pid}`)
      await writeFile(file, "", { flush: true })
      await rm(file)
    },
    catch: reason
  })

export const dataFolder = (folder: string): Check => {
  const existing = nearest(resolve(folder))
  return Effect.matchEffect(tryWriting(existing), {
    onFailure: (error) =>
      Effect.succeed(
        fail("data folder", error, `Give this user the right to write to ${existing}, or choose another folder with VIGIL_DATA.`)
      ),
    onSuccess: () =>
      Effect.map(diskSpace(existing), ({ detail, status }) =>
        status === "pass" ? pass("data folder", detail) : { ...warn("data folder", detail, "Make room there."), status }
      )
  })
}

const listen = (host: string, port: number) =>
  Effect.async<void, NodeJS.ErrnoException>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen({ host, port }, () => server.close(() => resume(Effect.void)))
  })

/** Whether the page's address is free; `isOurs` where a Vigil of this data folder runs already. */
export const port = (host: string, number: number, isOurs: boolean): Check => {
  const address = `${host}:${number}`
  if (isOurs) return Effect.succeed(pass("port", "a Vigil is running with this data folder"))
  return Effect.match(listen(host, number), {
    onSuccess: () => pass("port", `${address} is free`),
    onFailure: ({ code, message }) =>
      code === "EADDRINUSE"
        ? fail("port", `${address} is in use`, "Stop what listens there, or set VIGIL_PORT to another port.")
        : fail("port", message, "Set VIGIL_HOST to an address of this machine and VIGIL_PORT to a port that is allowed.")
  })
}

const oneDay = 86_400_000

/** A clock that was never set is behind the files of this installation. */
export const clock: Check = Effect.promise(async () => {
  const { mtimeMs } = await stat(fileURLToPath(import.meta.url))
  const now = new Date()
  const advice = "Set the machine's clock, best with NTP: events and recordings are found by their time."
  if (now.getTime() < mtimeMs - oneDay) return fail("clock", `${now.toISOString()} is before this program was made`, advice)
  const synchronised = await run("timedatectl", ["show", "--property=NTPSynchronized", "--value"]).then(
    ({ stdout }) => stdout.trim() === "yes",
    // Containers and small systems have no timedatectl: then nothing is known against the clock.
    () => undefined
  )
  return synchronised === false
    ? warn("clock", `${now.toISOString()}, not synchronised`, advice)
    : pass("clock", `${now.toISOString()}${synchronised === true ? ", synchronised by NTP" : ""}`)
})

export const videoDevices: Check = Effect.promise(async () => {
  // Without the folder there are no devices either.
  const names = (await readdir("/dev").catch((): ReadonlyArray<string> => [])).filter((name) => /^video\d+$/.test(name)).sort()
  if (names.length === 0) return pass("video devices", "none at this machine")
  const closed: Array<string> = []
  for (const name of names) await access(`/dev/${name}`, constants.R_OK | constants.W_OK).catch(() => closed.push(name))
  return closed.length === 0
    ? pass("video devices", names.map((name) => `/dev/${name}`).join(", "))
    : warn("video devices", `no right to use ${closed.join(", ")}`, "Add this user to the group video.")
})
