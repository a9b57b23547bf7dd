import { describe, expect, it } from "@effect/vitest"
import { type DiskLog, type DiskLogOptions, openDiskLog } from "@vigil/runtime/bus/DiskLog"
import { encodeRecord, isBlank, type LogRecord, parseAll } from "@vigil/runtime/bus/LogRecord"
import { blankIn } from "@vigil/runtime/bus/LogSegments"
import { Effect } from "effect"
import * as fc from "effect/FastCheck"
import { spawn } from "node:child_process"
import { appendFile, open, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { temporaryFolder } from "../material/TemporaryFolder.js"

const folder = temporaryFolder("vigil-log-")

const opened = (options: Partial<DiskLogOptions> & Pick<DiskLogOptions, "folder">) =>
  Effect.acquireRelease(
    Effect.promise(() => openDiskLog({ maxBytes: 2 ** 30, maxAge: 3_600_000, ...options })),
    (log) => Effect.promise(() => log.close())
  )

const entry = (id: string, text = id) => ({ subject: "a.b.c.d", id, message: Buffer.from(text) })

const readAll = async (log: DiskLog, from = 1): Promise<ReadonlyArray<LogRecord>> => {
  const all: Array<LogRecord> = []
  for (let at = from; ; ) {
    const { next, records } = await log.read(at)
    all.push(...records)
    if (next === at) return all
    at = next
  }
}

const segments = async (path: string) => (await readdir(path)).filter((name) => name.endsWith(".log")).sort()

/** A writer in a process of its own, killed once it has acknowledged some more entries; what it acknowledged, by id. */
const killedWriter = (path: string, prefix: string, acknowledgements: number) =>
  Effect.async<ReadonlyMap<string, number>>((resume) => {
    const program = fileURLToPath(new URL("../material/DiskLogWriter.mjs", import.meta.url))
    const child = spawn(process.execPath, [program, path, prefix], { stdio: ["ignore", "pipe", "inherit"] })
    const said = new Map<string, number>()
    let rest = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) {
        const [id = "", position] = line.split(" ")
        said.set(id, Number(position))
      }
      if (said.size >= acknowledgements) child.kill("SIGKILL")
    })
    child.once("close", () => resume(Effect.succeed(said)))
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

describe("blankIn", () => {
  it.scopedLive("blanks every record that a damaged segment still has, over pages of the file", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 12 })
      const property = fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 30 }),
        damage,
        async (lengths, hits) => {
          const records = lengths.map((length, index) => ({
            ...entry(`e${index}`, "x".repeat(length)),
            position: index + 1,
            time: 1
          }))
          const bytes = Buffer.concat(records.map(encodeRecord))
          for (const { at, byte } of hits) bytes.writeUInt8(byte, at % bytes.length)
          const file = join(path, "0000000000000001.log")
          await writeFile(file, bytes)
          const readable = parseAll(bytes, 1).records
          const blanked = await blankIn({ first: 1, file, bytes: bytes.length, oldest: 1, newest: 1 }, () => true)
          const left = parseAll(await readFile(file), 1).records
          expect(left.map(({ position }) => position)).toEqual(readable.map(({ position }) => position))
          expect(left.every(isBlank)).toBe(true)
          expect(blanked).toBe(readable.length)
        }
      )
      yield* Effect.promise(() => fc.assert(property, { numRuns: 60 }))
    })
  )
})

describe("DiskLog", () => {
  it.scopedLive(
    "leaves no byte of what it erased on disk, in any segment, while others write, and knows all the rest again",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        const log = yield* opened({ folder: path, segmentBytes: 256 * 1024 })
        const texts = Array.from({ length: 600 }, (_, index) => {
          const word = index % 3 === 0 ? "SECRET" : "public"
          // Some are longer than a page of the file.
          return `${word} ${index} ${word.repeat(index % 100 === 0 ? 40_000 : 20)}`
        })
        for (const [index, text] of texts.entries()) yield* Effect.promise(() => log.append(entry(`e${index}`, text)))
        const writing = Array.from({ length: 50 }, (_, index) => log.append(entry(`late${index}`)))
        const isSecret = ({ message }: LogRecord) => message.toString().startsWith("SECRET")
        expect(yield* Effect.promise(() => log.erase(isSecret))).toBe(200)
        yield* Effect.promise(() => Promise.all(writing))
        expect(yield* Effect.promise(() => log.erase(isSecret))).toBe(0)
        const files = yield* Effect.promise(() => segments(path))
        expect(files.length).toBeGreaterThan(3)
        for (const file of files) {
          expect((yield* Effect.promise(() => readFile(join(path, file)))).includes("SECRET")).toBe(false)
        }
        yield* Effect.promise(() => log.close())
        const again = yield* opened({ folder: path })
        const records = yield* Effect.promise(() => readAll(again))
        expect(records.map(({ position }) => position)).toEqual(Array.from({ length: 650 }, (_, index) => index + 1))
        const kept = records.slice(0, 600).filter((record) => !isBlank(record))
        expect(kept.map(({ message }) => message.toString())).toEqual(texts.filter((text) => text.startsWith("public")))
        expect(yield* Effect.promise(() => again.append(entry("e0")))).toBe(1)
      })
  )

  it.scopedLive("loses nothing that it acknowledged when its process is killed, again and again", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const acknowledged = new Map<string, number>()
      for (const [run, count] of [150, 1, 400, 60, 250].entries()) {
        for (const [id, position] of yield* killedWriter(path, `run${run}`, count)) acknowledged.set(id, position)
      }
      expect(acknowledged.size).toBeGreaterThanOrEqual(861)
      const log = yield* opened({ folder: path })
      const records = yield* Effect.promise(() => readAll(log))
      expect(records.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1))
      expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
      const kept = new Map(records.map(({ id, position }) => [id, position]))
      for (const [id, position] of acknowledged) expect([id, kept.get(id)]).toEqual([id, position])
      expect(log.last()).toBe(records.length)
    })
  )

  it.scopedLive("knows over a restart which ids it has, and counts on", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const first = yield* Effect.scoped(
        Effect.flatMap(opened({ folder: path, segmentBytes: 300 }), (log) =>
          Effect.promise(() => Promise.all(["a", "b", "c", "d"].map((id) => log.append(entry(id, "x".repeat(200))))))
        )
      )
      const log = yield* opened({ folder: path, segmentBytes: 300 })
      expect(yield* Effect.promise(() => Promise.all(["d", "a", "e", "e"].map((id) => log.append(entry(id)))))).toEqual([
        first[3],
        first[0],
        5,
        5
      ])
    })
  )

  it.scopedLive("remembers as many ids as it was told to, and no more", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const options = { folder: path, rememberedIds: 3, segmentBytes: 100 }
      yield* Effect.scoped(
        Effect.flatMap(opened(options), (log) =>
          Effect.promise(async () => {
            for (const id of ["a", "b", "c", "d"]) await log.append(entry(id))
          })
        )
      )
      const log = yield* opened(options)
      expect(["a", "b", "c", "d"].map(log.knows)).toEqual([false, true, true, true])
    })
  )

  it.scopedLive("cuts off a torn end and reads on behind damaged bytes", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.scoped(
        Effect.flatMap(opened({ folder: path }), (log) =>
          Effect.promise(async () => {
            for (const id of ["a", "b", "c", "d"]) await log.append(entry(id, "x".repeat(1000)))
          })
        )
      )
      const warnings: Array<string> = []
      yield* Effect.promise(async () => {
        const [name = ""] = await segments(path)
        const file = join(path, name)
        const handle = await open(file, "r+")
        await handle.write(Buffer.from("damaged"), 0, 7, 1200)
        await handle.close()
        await appendFile(file, "VBR1 and then the power went")
      })
      const log = yield* opened({ folder: path, onWarning: (text) => warnings.push(text) })
      expect(warnings).toHaveLength(1)
      expect(yield* Effect.promise(() => log.append(entry("e")))).toBe(5)
      const records = yield* Effect.promise(() => readAll(log))
      expect(records.map(({ id }) => id)).toEqual(["a", "c", "d", "e"])
      expect((yield* Effect.promise(() => readAll(log, 2))).map(({ id }) => id)).toEqual(["c", "d", "e"])
    })
  )

  it.scopedLive("keeps to its size and age, and gives positions on that are no longer kept", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const write = (log: DiskLog, prefix: string, count: number) =>
        Effect.promise(async () => {
          for (let index = 0; index < count; index++) await log.append(entry(`${prefix}${index}`, "x".repeat(1000)))
        })
      const log = yield* opened({ folder: path, maxBytes: 20_000, segmentBytes: 4_000 })
      const reader = yield* Effect.promise(() => log.read(1))
      expect(reader).toEqual({ records: [], next: 1 })
      yield* write(log, "a", 100)
      const sizes = yield* Effect.promise(async () =>
        Promise.all((await segments(path)).map(async (name) => (await stat(join(path, name))).size))
      )
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(26_000)
      const kept = yield* Effect.promise(() => readAll(log))
      expect(kept.at(-1)?.position).toBe(100)
      expect(kept.length).toBeLessThan(26)
      expect(kept.map(({ position }) => position)).toEqual(kept.map((_, index) => 101 - kept.length + index))
    })
  )

  it.scopedLive("is for one process at a time, and free again when that one is killed", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* opened({ folder: path })
      const refused = yield* Effect.flip(
        Effect.tryPromise({
          try: () => openDiskLog({ folder: path, maxBytes: 1, maxAge: 1 }),
          catch: (error) => error
        })
      )
      expect(refused).toMatchObject({ _tag: "DiskLogError", message: expect.stringContaining("another process uses it") })
    })
  )

  it.scopedLive("acknowledges nothing that could not be written, and goes on when it can again", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const log = yield* opened({ folder: path, segmentBytes: 10 })
      expect(yield* Effect.promise(() => log.append(entry("a")))).toBe(1)
      // A folder that is no folder any more takes no new segment.
      const { rename, rm, writeFile } = yield* Effect.promise(() => import("node:fs/promises"))
      yield* Effect.promise(() => rename(path, `${path}-away`))
      yield* Effect.promise(() => writeFile(path, ""))
      const refused = yield* Effect.flip(Effect.tryPromise({ try: () => log.append(entry("b")), catch: (error) => error }))
      expect(refused).toMatchObject({ _tag: "DiskLogError" })
      expect(log.knows("b")).toBe(false)
      yield* Effect.promise(() => rm(path))
      yield* Effect.promise(() => rename(`${path}-away`, path))
      expect(yield* Effect.promise(() => log.append(entry("b")))).toBe(2)
      expect((yield* Effect.promise(() => readAll(log))).map(({ id }) => id)).toEqual(["a", "b"])
    })
  )
})
