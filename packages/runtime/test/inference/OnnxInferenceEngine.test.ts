import { readdir } from "node:fs/promises"
import { describe, expect, it } from "@effect/vitest"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { ModelId } from "@vigil/core/Ids"
import type { ModelDescriptor } from "@vigil/core/Model"
import type { Priority } from "@vigil/core/Priority"
import { monotonicTime } from "@vigil/core/Time"
import { lyingOutput, slow, wrongOutput } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedNanodet, fixedYolov5, fixedYolov8, fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { type InferenceEngine, type InferenceJob, type InferenceResult, modelKey } from "@vigil/runtime/inference/InferenceEngine"
import { type HungRun, makeOnnxInferenceEngine, type OnnxEngineOptions } from "@vigil/runtime/inference/OnnxInferenceEngine"
import { now } from "@vigil/runtime/MonotonicClock"
import { Either } from "effect"
import { brightnessYolox, describeTiny, failsOnWhite, type Folder, temporaryFolder } from "../material/Models.js"

/** Matches a text that has this in it. */
const containing = (text: string): unknown => expect.stringContaining(text)

const size: Size = { width: 320, height: 256 }

const withEngine = async (
  options: OnnxEngineOptions,
  test: (engine: InferenceEngine, folder: Folder) => Promise<void>
): Promise<void> => {
  const folder = await temporaryFolder()
  const engine = makeOnnxInferenceEngine(options)
  try {
    await test(engine, folder)
  } finally {
    await engine.close()
    await folder[Symbol.asyncDispose]()
  }
}

const load = async (engine: InferenceEngine, folder: Folder, descriptor: ModelDescriptor, bytes: Uint8Array) => {
  await engine.load({ descriptor, file: await folder.write(`${descriptor.id}.onnx`, bytes) })
  return descriptor
}

interface Asked {
  readonly model: ModelDescriptor
  readonly source?: Size
  readonly slot?: string
  readonly priority?: Priority
  readonly patience?: number
  readonly paint?: (pixels: Uint8Array, content: Size) => void
}

const submit = (engine: InferenceEngine, asked: Asked, done: InferenceJob["done"]): void => {
  const { model, source = size, slot = "camera", priority = "STANDARD", patience = 20_000, paint } = asked
  const picture = engine.picture(modelKey(model), source)
  const pixels = new Uint8Array(picture.content.width * picture.content.height * 3)
  paint?.(pixels, picture.content)
  engine.submit({
    slot,
    model: modelKey(model),
    priority,
    deadline: monotonicTime(now() + patience),
    source,
    picture,
    pixels,
    done
  })
}

const run = (engine: InferenceEngine, asked: Asked): Promise<InferenceResult> =>
  new Promise((resolve) => submit(engine, asked, resolve))

const known = (engine: InferenceEngine, model: ModelDescriptor): boolean =>
  Either.isRight(Either.try(() => engine.picture(modelKey(model), size)))

const outcome = (result: InferenceResult): string => (result._tag === "Dropped" ? result.reason : result._tag)

const detectionsOf = (result: InferenceResult) => {
  if (result._tag !== "Done") throw new Error(`expected detections, got ${JSON.stringify(result)}`)
  return result.detections
}

describe("OnnxInferenceEngine", () => {
  const box = { x: 40, y: 64, width: 60, height: 120 }
  const options = { size, classes: 2, detections: [{ label: 1, confidence: 0.8, box }] }
  const families = [
    { adapter: "yolox", bytes: fixedYolox(options), name: "images" },
    { adapter: "yolov5", bytes: fixedYolov5(options), name: "images" },
    { adapter: "yolov8", bytes: fixedYolov8(options), name: "images" },
    { adapter: "nanodet", bytes: fixedNanodet(options), name: "input.1" }
  ] as const

  for (const { adapter, bytes, name } of families) {
    it(`answers with the boxes of a ${adapter} model in source pixels`, () =>
      withEngine({ threads: 1 }, async (engine, folder) => {
        const plain = describeTiny(bytes, size, { adapter })
        const model = await load(engine, folder, describeTiny(bytes, size, { adapter, input: { ...plain.input, name } }), bytes)
        // Twice as large and a little lower than the model's input: scaled by two, padding below.
        const [found, ...others] = detectionsOf(await run(engine, { model, source: { width: 640, height: 480 } }))
        expect(others).toEqual([])
        expect(found?.label).toBe("car")
        expect(found?.confidence).toBeCloseTo(0.8, 3)
        expect(found?.box.x).toBeCloseTo(80, 1)
        expect(found?.box.y).toBeCloseTo(128, 1)
        expect(found?.box.width).toBeCloseTo(120, 1)
        expect(found?.box.height).toBeCloseTo(240, 1)
      }))
  }

  it("clips boxes to the picture and drops those that lie in the padding", () => {
    const bytes = fixedYolox({
      ...options,
      detections: [
        { label: 0, confidence: 0.9, box: { x: 250, y: 100, width: 80, height: 100 } },
        { label: 0, confidence: 0.9, box: { x: 40, y: 200, width: 40, height: 40 } }
      ]
    })
    return withEngine({ threads: 1 }, async (engine, folder) => {
      const model = await load(engine, folder, describeTiny(bytes, size), bytes)
      const found = detectionsOf(await run(engine, { model, source: { width: 640, height: 360 } }))
      expect(found).toHaveLength(1)
      expect(found[0]?.box).toEqual({ x: 500, y: 200, width: 140, height: 160 })
    })
  })

  it("uses the smallest input that the picture needs where the graph takes any size", () => {
    const square = { width: 416, height: 416 }
    const bytes = brightnessYolox(square)
    return withEngine({ threads: 1 }, async (engine, folder) => {
      const model = await load(
        engine,
        folder,
        describeTiny(bytes, square, { thresholds: { confidence: 0.9, overlap: 0.9 } }),
        bytes
      )
      const wide = engine.picture(modelKey(model), { width: 1280, height: 720 })
      expect(wide).toEqual({ content: { width: 416, height: 234 }, input: { width: 416, height: 256 }, format: "bgr24" })
      expect(engine.picture(modelKey(model), { width: 720, height: 1280 }).input).toEqual({ width: 256, height: 416 })
      expect(engine.picture(modelKey(model), { width: 640, height: 480 }).input).toEqual({ width: 416, height: 320 })
      for (const source of [
        { width: 1280, height: 720 },
        { width: 720, height: 1280 },
        { width: 500, height: 500 }
      ]) {
        const paint = (pixels: Uint8Array, content: Size) => {
          for (let y = 130; y < 134; y++) pixels.fill(255, (y * content.width + 90) * 3, (y * content.width + 94) * 3)
        }
        const found = detectionsOf(await run(engine, { model, source, paint }))
        const scale = source.width / engine.picture(modelKey(model), source).content.width
        const smallest = [...found].sort((a, b) => a.box.width - b.box.width)[0]
        expect(smallest?.box.x).toBeCloseTo(88 * scale, 0)
        expect(smallest?.box.y).toBeCloseTo(128 * scale, 0)
      }
    })
  })

  it("gives every job one result, the newest of a slot wins, and the counters agree", () =>
    withEngine({ threads: 2 }, async (engine, folder) => {
      const bytes = slow(size, 2, 4)
      const model = await load(engine, folder, describeTiny(bytes, size), bytes)
      const results: Array<string> = []
      const jobs = 60
      const last = new Map<string, number>()
      await new Promise<void>((resolve) => {
        for (let at = 0; at < jobs; at++) {
          const slot = `camera-${at % 3}`
          submit(engine, { model, slot }, (result) => {
            results[at] = outcome(result)
            if (result._tag === "Done") last.set(slot, Math.max(at, last.get(slot) ?? 0))
            if (results.filter(Boolean).length === jobs) resolve()
          })
        }
      })
      expect(results.filter((result) => result === "Done")).toHaveLength(5)
      expect(results.filter((result) => result === "replaced")).toHaveLength(jobs - 5)
      expect([...last.values()].sort((a, b) => a - b)).toEqual([57, 58, 59])
      expect(engine.statistics()).toEqual({ submitted: jobs, done: 5, dropped: jobs - 5, failed: 0, waiting: 0 })
    }))

  it("runs urgent jobs first and drops those whose deadline passes", () =>
    withEngine({ threads: 1, queue: { capacity: 16, ageing: 600_000 } }, async (engine, folder) => {
      const bytes = slow(size, 2, 60)
      const model = await load(engine, folder, describeTiny(bytes, size), bytes)
      const order: Array<string> = []
      const note = (asked: Omit<Asked, "model">) =>
        new Promise<void>((resolve) =>
          submit(engine, { model, ...asked }, (result) => {
            order.push(`${asked.slot} ${outcome(result)}`)
            resolve()
          })
        )
      await Promise.all([
        note({ slot: "running" }),
        note({ slot: "standard", priority: "STANDARD" }),
        note({ slot: "impatient", priority: "STANDARD", patience: 20 }),
        note({ slot: "critical", priority: "CRITICAL" })
      ])
      expect(order).toEqual(["impatient deadline", "running Done", "critical Done", "standard Done"])
    }))

  it("drops what waits and finishes what runs when it is closed", () =>
    withEngine({ threads: 1 }, async (engine, folder) => {
      const bytes = slow(size, 2, 20)
      const model = await load(engine, folder, describeTiny(bytes, size), bytes)
      const running = run(engine, { model, slot: "running" })
      const waiting = run(engine, { model, slot: "waiting" })
      await engine.close()
      expect(outcome(await running)).toBe("Done")
      expect(outcome(await waiting)).toBe("closed")
      expect(outcome(await run(engine, { model }))).toBe("closed")
    }))

  it("refuses models whose outputs are not what the adapter reads", () =>
    withEngine({ threads: 1 }, async (engine, folder) => {
      const declared = wrongOutput(size)
      await expect(load(engine, folder, describeTiny(declared, size), declared)).rejects.toMatchObject({ reason: "shape" })
      const lying = lyingOutput(size, 2)
      await expect(load(engine, folder, describeTiny(lying, size), lying)).rejects.toMatchObject({
        reason: "shape",
        detail: containing("[1, 1, 245760]")
      })
      const unknown = { ...describeTiny(lying, size), id: ModelId.make("never-loaded") }
      expect(() => engine.picture(modelKey(unknown), size)).toThrow("was not loaded")
    }))

  it("suspends a model that fails again and again, and runs the others", () =>
    withEngine({ threads: 1 }, async (engine, folder) => {
      const bytes = failsOnWhite(size)
      const bad = await load(engine, folder, describeTiny(bytes, size, { id: ModelId.make("bad") }), bytes)
      const good = await load(
        engine,
        folder,
        describeTiny(families[0].bytes, size, { id: ModelId.make("good") }),
        families[0].bytes
      )
      const white = { model: bad, paint: (pixels: Uint8Array) => void pixels.fill(255) }
      const details: Array<string> = []
      for (let at = 0; at < 4; at++) {
        const result = await run(engine, white)
        details.push(result._tag === "Failed" ? result.error.detail : result._tag)
      }
      expect(details.slice(0, 3)).toEqual(Array(3).fill(containing("ONNX Runtime:")))
      expect(details[3]).toContain("suspended for 1 s")
      expect(outcome(await run(engine, { model: good }))).toBe("Done")
    }))

  it("runs versions of a model beside each other, and forgets one that nobody needs any more", () =>
    withEngine({ threads: 2, linger: 50 }, async (engine, folder) => {
      const before = await load(engine, folder, describeTiny(families[0].bytes, size), families[0].bytes)
      const bytes = fixedYolox({ ...options, detections: [{ label: 0, confidence: 0.7, box }] })
      const results = Promise.all(Array.from({ length: 20 }, (_, at) => run(engine, { model: before, slot: `${at}` })))
      const after = await load(engine, folder, describeTiny(bytes, size, { version: "2" }), bytes)
      expect((await results).map(outcome)).toEqual(Array(20).fill("Done"))
      expect(detectionsOf(await run(engine, { model: before }))[0]?.label).toBe("car")
      expect(detectionsOf(await run(engine, { model: after }))[0]?.label).toBe("person")
      engine.release(modelKey(before))
      expect(outcome(await run(engine, { model: before }))).toBe("Done")
      await expect.poll(() => known(engine, before), { timeout: 5000 }).toBe(false)
      expect(outcome(await run(engine, { model: after }))).toBe("Done")
    }))

  it("loads a model once for all who ask at the same time, and keeps it while one of them needs it", () =>
    withEngine({ threads: 1, linger: 1 }, async (engine, folder) => {
      const many = Array.from({ length: 8 }, () => load(engine, folder, describeTiny(families[0].bytes, size), families[0].bytes))
      const [model] = await Promise.all(many)
      if (model === undefined) throw new Error("nothing was loaded")
      for (let at = 0; at < 7; at++) engine.release(modelKey(model))
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(outcome(await run(engine, { model }))).toBe("Done")
      engine.release(modelKey(model))
      await expect.poll(() => known(engine, model), { timeout: 5000 }).toBe(false)
    }))

  it("gives up a thread whose run hangs, says so, and goes on with the others", { timeout: 120_000 }, async () => {
    const tasks = async () => (await readdir("/proc/self/task")).length
    const before = await tasks()
    const hung: Array<HungRun> = []
    await withEngine({ threads: 2, runLimit: 1000, onHung: (run) => hung.push(run) }, async (engine, folder) => {
      const bytes = slow(size, 2, 600)
      const good = await load(
        engine,
        folder,
        describeTiny(families[0].bytes, size, { id: ModelId.make("good") }),
        families[0].bytes
      )
      const bad = await load(engine, folder, describeTiny(bytes, size, { id: ModelId.make("bad") }), bytes)
      const results: Array<InferenceResult> = []
      const first = run(engine, { model: bad }).then((result) => results.push(result))
      while (results.length === 0) expect(outcome(await run(engine, { model: good, slot: "good" }))).toBe("Done")
      await first
      expect(results[0]).toMatchObject({ _tag: "Failed", error: { model: "bad", reason: "run" } })
      expect(hung).toMatchObject([{ model: "bad", threadsLeft: 1 }])
      expect(await run(engine, { model: bad })).toMatchObject({ error: { detail: containing("suspended") } })
      expect(outcome(await run(engine, { model: good }))).toBe("Done")
    })
    // The lost thread ends by itself once its run is over; ending the process before that would abort it.
    await expect.poll(tasks, { timeout: 60_000, interval: 50 }).toBeLessThanOrEqual(before)
  })

  it("runs on the CPU, and says so, where the execution provider is missing", async () => {
    const notes: Array<string> = []
    await withEngine({ threads: 1, provider: "cuda", onNote: (note) => notes.push(note) }, async (engine, folder) => {
      const model = await load(engine, folder, describeTiny(families[0].bytes, size), families[0].bytes)
      expect(detectionsOf(await run(engine, { model }))).toHaveLength(1)
    })
    expect(notes).toEqual([containing("cuda cannot be used, running on the CPU instead")])
  })

  it("keeps optimised graphs in its cache and survives a broken one", async () => {
    const folder = await temporaryFolder()
    const cache = `${folder.path}/cache`
    const once = () =>
      withEngine({ threads: 1, cache }, async (engine, models) => {
        const model = await load(engine, models, describeTiny(families[0].bytes, size), families[0].bytes)
        expect(detectionsOf(await run(engine, { model }))).toHaveLength(1)
      })
    try {
      await once()
      const [kept, ...others] = await readdir(cache)
      expect(kept).toMatch(/\.optimised\.onnx$/)
      expect(others).toEqual([])
      await once()
      await folder.write(`cache/${kept}`, Buffer.from("cut off"))
      await once()
      expect(await readdir(cache)).toEqual([kept])
    } finally {
      await folder[Symbol.asyncDispose]()
    }
  })
})
