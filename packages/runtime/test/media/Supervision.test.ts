import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { mediaTime } from "@vigil/core/Time"
import { type DecodeDemand, MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { Effect } from "effect"
import { describeTiny } from "../material/Models.js"
import {
  anyCamera,
  h264,
  lumaDemand,
  openTold,
  type ReadFile,
  readFile,
  type Told,
  testPicture,
  until,
  type VideoFolder,
  videoFolder
} from "../material/Video.js"

let folder: VideoFolder
let material: ReadFile

beforeAll(async () => {
  folder = await videoFolder()
  const file = await folder.make("camera.mp4", ...testPicture("320x240", 15, 2), ...h264(5))
  material = await Effect.runPromise(readFile(file).pipe(Effect.provide(MediaWorkersLive.layer())))
})

afterAll(() => folder[Symbol.asyncDispose]())

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    // ESRCH: there is no such process.
    return false
  }
}

/** A camera that sends on and on, whether or not somebody keeps up. */
const playing = (told: Told, everyMs = 20) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let count = 0
      return setInterval(() => {
        const unit = material.video[count % material.video.length]
        const shown: AccessUnit = {
          ...unit,
          mediaTime: mediaTime(Math.floor(count / material.video.length) * 2_000_000 + unit.mediaTime)
        }
        count++
        void told.decoder.push(shown)
      }, everyMs)
    }),
    (timer) => Effect.sync(() => clearInterval(timer))
  )

const run = <E>(
  options: Parameters<typeof MediaWorkersLive.layer>[0],
  test: Effect.Effect<void, E, MediaWorkers | import("effect").Scope.Scope>
) => Effect.runPromise(Effect.scoped(test).pipe(Effect.provide(MediaWorkersLive.layer(options))))

const pids = Effect.gen(function* () {
  const workers = yield* MediaWorkers
  return (yield* workers.health).flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
})

/** An engine whose first run takes the process down, and a demand that lets it run. */
const deadlyEngine = (): { readonly module: string; readonly demand: DecodeDemand } => {
  const module = folder.path("crashing-engine.mjs")
  writeFileSync(
    module,
    `export const makeInferenceEngine = () => ({
    load: async () => {},
    release: () => {},
    picture: () => ({ content: { width: 32, height: 32 }, input: { width: 32, height: 32 }, format: "rgb24" }),
    submit: () => process.kill(process.pid, "SIGSEGV"),
    statistics: () => ({ submitted: 0, done: 0, dropped: 0, failed: 0, waiting: 0 }),
    close: async () => {}
  })`
  )
  const model = { descriptor: describeTiny(new Uint8Array(1), { width: 32, height: 32 }), file: module }
  const deadly: DecodeDemand = {
    detectors: [{ model, priority: "HIGH", framesPerSecond: 2, gate: "always" }],
    masks: [],
    rate: "full"
  }
  return { module, demand: deadly }
}

describe("a media worker that fails", () => {
  it.each(["SIGKILL", "SIGSEGV", "SIGSTOP"] as const)(
    "is replaced after %s, and its cameras resume at a key frame",
    (signal) =>
      run(
        { hangTimeout: 800 },
        Effect.gen(function* () {
          const cameras = yield* Effect.forEach([1, 2, 3], () => openTold(material.track, lumaDemand(30, "full")))
          for (const camera of cameras) yield* playing(camera)
          yield* until("all cameras are seen", () => cameras.every(({ luma }) => luma.length > 5))
          const [pid] = yield* pids
          process.kill(pid, signal)
          yield* until("the worker was replaced", () => cameras.every(({ decoder }) => decoder.statistics().restarts === 1))
          const before = cameras.map(({ luma }) => luma.length)
          yield* until("all cameras are seen again", () => cameras.every(({ luma }, index) => luma.length > before[index] + 10))
          expect((yield* pids)[0]).not.toBe(pid)
          yield* until("the old process is gone", () => !isAlive(pid))
          cameras.forEach(({ decoder, luma }, index) => {
            const resumed = luma[before[index]].frame.frame
            expect(material.video[resumed % material.video.length].keyframe).toBe(true)
            expect(resumed - luma[before[index] - 1].frame.frame).toBeGreaterThan(0)
            expect(decoder.statistics()).toMatchObject({ restarts: 1, errors: 0 })
          })
          const workers = yield* MediaWorkers
          expect((yield* workers.health)[0]).toMatchObject({ cameras: 3, restarts: 1 })
        })
      ),
    120_000
  )

  it("answers what was asked while it was being replaced", () =>
    run(
      {},
      Effect.gen(function* () {
        const camera = yield* openTold(material.track, lumaDemand(30, "full"))
        for (const unit of material.video) void camera.decoder.push(unit)
        yield* until("it is seen", () => camera.luma.length > 0)
        const [pid] = yield* pids
        process.kill(pid, "SIGKILL")
        const jpeg = yield* camera.decoder.snapshot
        expect([jpeg[0], jpeg[1]]).toEqual([0xff, 0xd8])
        yield* camera.decoder.drain
      })
    ))

  it(
    "is replaced when it uses too much memory",
    () =>
      run(
        { memoryLimit: 1024 * 1024 },
        Effect.gen(function* () {
          const camera = yield* openTold(material.track, lumaDemand(30, "full"))
          yield* playing(camera)
          yield* until("it was replaced", () => camera.decoder.statistics().restarts >= 2)
        })
      ),
    120_000
  )

  it("isolates the camera that ends it again and again, and leaves the others alone", () => {
    const { demand: deadly, module } = deadlyEngine()
    return run(
      { engine: { module } },
      Effect.gen(function* () {
        const good = yield* openTold(material.track, lumaDemand(30, "full"))
        const bad = yield* openTold(material.track, deadly)
        yield* playing(good, 100)
        yield* playing(bad, 20)
        const workers = yield* MediaWorkers
        yield* until("the bad camera has failed often", () => bad.decoder.statistics().restarts >= 4, 30)
        const restarts = good.decoder.statistics().restarts
        const seen = good.luma.length
        yield* until("the bad camera fails on", () => bad.decoder.statistics().restarts >= 6, 30)
        yield* until("the good camera is seen", () => good.luma.length > seen + 10)
        expect(good.decoder.statistics().restarts).toBe(restarts)
        expect(restarts).toBeLessThanOrEqual(3)
        expect((yield* workers.health).map(({ cameras }) => cameras)).toEqual([1, 1])
      })
    )
  }, 90_000)

  it("keeps that camera apart also when it is opened again", () => {
    const { demand, module } = deadlyEngine()
    const cameraId = anyCamera()
    const failTwice = Effect.scoped(
      Effect.gen(function* () {
        const bad = yield* openTold(material.track, demand, undefined, cameraId)
        yield* playing(bad)
        yield* until("it has failed", () => bad.decoder.statistics().restarts >= 2, 30)
      })
    )
    return run(
      { engine: { module } },
      Effect.gen(function* () {
        const good = yield* openTold(material.track, lumaDemand(30, "full"))
        yield* playing(good, 100)
        yield* failTwice
        const { restarts } = good.decoder.statistics()
        yield* failTwice
        expect(good.decoder.statistics().restarts).toBe(restarts)
      })
    )
  }, 90_000)
})

describe("media workers", () => {
  it("share cameras between processes", () =>
    run(
      { camerasPerWorker: 2, workers: 2 },
      Effect.gen(function* () {
        const workers = yield* MediaWorkers
        yield* Effect.forEach([1, 2, 3, 4, 5], () => openTold(material.track, lumaDemand(1, "full")))
        expect((yield* workers.health).map(({ cameras }) => cameras)).toEqual([3, 2])
      })
    ))

  it("are gone when their layer is closed", async () => {
    const seen: Array<number> = []
    await run(
      {},
      Effect.gen(function* () {
        const camera = yield* openTold(material.track, lumaDemand(30, "full"))
        yield* playing(camera)
        yield* until("it is seen", () => camera.luma.length > 3)
        seen.push(...(yield* pids))
      })
    )
    expect(seen).toHaveLength(1)
    expect(seen.filter(isAlive)).toEqual([])
  })

  it("end when the process that started them is killed", async () => {
    const script = folder.path("parent.mjs")
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    writeFileSync(
      script,
      `
      import { startWorkerProcess } from ${url("../../dist/media/WorkerProcess.js")}
      const worker = startWorkerProcess({
        engine: {}, hangTimeout: 5000, memoryLimit: 1e10, onReady: () => console.log(worker.pid), onMessage: () => {}, onExit: () => {}
      })
      setInterval(() => {}, 1000)
    `
    )
    const parent = spawn(process.execPath, [script], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL(".", import.meta.url))
    })
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())))
    )
    expect(isAlive(pid)).toBe(true)
    parent.kill("SIGKILL")
    await Effect.runPromise(until("the worker is gone", () => !isAlive(pid)))
  })

  it(
    "do not grow while they work, also when pictures change their size",
    () =>
      run(
        {},
        Effect.gen(function* () {
          const large = yield* readFile(
            yield* Effect.promise(() => folder.make("large.mp4", ...testPicture("640x480", 15, 2), ...h264(15)))
          )
          const told = yield* openTold(large.track, {
            ...lumaDemand(15),
            frames: { width: 320, height: 320, fit: "letterbox", format: "rgb24", framesPerSecond: 15 }
          })
          const workers = yield* MediaWorkers
          let round = 0
          const play = (rounds: number) =>
            Effect.promise(async () => {
              for (const last = round + rounds; round < last; round++) {
                const { track, video } = round % 2 === 0 ? large : material
                for (const unit of video) {
                  const shown = { ...unit, mediaTime: mediaTime(unit.mediaTime + round * 2_000_000) }
                  const wait = told.decoder.push(
                    unit.keyframe ? { ...shown, units: [...track.parameterSets, ...unit.units] } : shown
                  )
                  if (wait !== undefined) await wait
                }
                ;(told.frames as Array<unknown>).length = 0
              }
            })
          const memory = Effect.gen(function* () {
            yield* told.decoder.drain
            yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 700)))
            return (yield* workers.health).find(({ cameras }) => cameras === 1)?.memory ?? 0
          })
          yield* play(40)
          // 2700 frames and 90 changes of size: as little as 4 kB lost for each frame would be 11 MB, every time; memory for a burst is taken once.
          const growths: Array<number> = []
          for (let before = yield* memory; growths.length < 4 && !growths.some((growth) => growth < 9e6); ) {
            yield* play(90)
            const after = yield* memory
            growths.push(after - before)
            before = after
          }
          expect(told.decoder.statistics()).toMatchObject({ decoded: round * 30, errors: 0 })
          expect(Math.min(...growths)).toBeLessThan(9e6)
        })
      ),
    120_000
  )
})
