import { execFile } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import type { Detection } from "@vigil/core/Detection"
import type { BoundingBox, Size } from "@vigil/core/geometry/BoundingBox"
import { intersectionOverUnion } from "@vigil/core/geometry/BoxGeometry"
import { ModelDescriptor } from "@vigil/core/Model"
import { monotonicTime } from "@vigil/core/Time"
import { type InferenceEngine, modelKey } from "@vigil/runtime/inference/InferenceEngine"
import { makeOnnxInferenceEngine } from "@vigil/runtime/inference/OnnxInferenceEngine"
import { nanodetM } from "@vigil/runtime/model/descriptors/NanodetM"
import { yoloxNano } from "@vigil/runtime/model/descriptors/YoloxNano"
import { now } from "@vigil/runtime/MonotonicClock"
import { noSamples, sample } from "../material/Samples.js"

const run = promisify(execFile)

interface Truth {
  readonly label: string
  readonly box: BoundingBox
}

interface Picture {
  readonly truths: ReadonlyArray<Truth>
  readonly detections: ReadonlyArray<Detection>
}

/** From the frame header of a JPEG (ITU-T T.81, B.2.2): asking ffprobe would take longer than the detection. */
const sizeOf = async (image: string): Promise<Size> => {
  const bytes = await readFile(image)
  for (let at = 2; at + 9 < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes.readUInt16BE(at)
    if (marker === 0xffc0 || marker === 0xffc2) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
  }
  throw new Error(`${image} has no frame header`)
}

const truthsOf = async (file: string, model: ModelDescriptor, { width, height }: Size): Promise<ReadonlyArray<Truth>> => {
  const text = await readFile(file, "utf8").catch(() => "")
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [kind = 0, x = 0, y = 0, w = 0, h = 0] = line.split(/\s+/).map(Number)
      const box = { x: (x - w / 2) * width, y: (y - h / 2) * height, width: w * width, height: h * height }
      return { label: model.labels[kind] ?? "?", box }
    })
}

/** All images, each scaled into the top left corner of the model's input; one process, for starting one an image takes minutes. */
const decode = async (folder: string, { channels, size: { width, height } }: ModelDescriptor["input"]): Promise<Uint8Array> => {
  const scale = `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=bilinear,pad=${width}:${height}:0:0`
  const input = ["-pattern_type", "glob", "-i", join(folder, "*.jpg")]
  const output = ["-vf", scale, "-pix_fmt", `${channels}24`, "-f", "rawvideo", "-"]
  const { stdout } = await run("ffmpeg", ["-v", "error", ...input, ...output], { encoding: "buffer", maxBuffer: 2 ** 28 })
  return stdout
}

const detect = (
  engine: InferenceEngine,
  model: ModelDescriptor,
  source: Size,
  scaled: Uint8Array
): Promise<ReadonlyArray<Detection>> => {
  const picture = engine.picture(modelKey(model), source)
  const { width, height } = picture.content
  const pixels = new Uint8Array(width * height * 3)
  const row = model.input.size.width * 3
  for (let y = 0; y < height; y++) pixels.set(scaled.subarray(y * row, y * row + width * 3), y * width * 3)
  return new Promise((resolve, reject) => {
    engine.submit({
      slot: "images",
      model: modelKey(model),
      priority: "STANDARD",
      deadline: monotonicTime(now() + 60_000),
      source,
      picture,
      pixels,
      done: (result) => (result._tag === "Done" ? resolve(result.detections) : reject(new Error(JSON.stringify(result))))
    })
  })
}

/** Average precision at an overlap of one half, over 101 recall points as COCO does; undefined where the class does not occur. */
const averagePrecision = (pictures: ReadonlyArray<Picture>, label: string): number | undefined => {
  const total = pictures.reduce((count, { truths }) => count + truths.filter((truth) => truth.label === label).length, 0)
  if (total === 0) return undefined
  const used = new Set<Truth>()
  const hits = pictures
    .flatMap(({ truths, detections }) =>
      detections.filter((one) => one.label === label).map((detection) => ({ truths, detection }))
    )
    .sort((a, b) => b.detection.confidence - a.detection.confidence)
    .map(({ truths, detection }) => {
      const free = truths.filter((truth) => truth.label === label && !used.has(truth))
      const best = [...free].sort(
        (a, b) => intersectionOverUnion(b.box, detection.box) - intersectionOverUnion(a.box, detection.box)
      )[0]
      if (best === undefined || intersectionOverUnion(best.box, detection.box) < 0.5) return false
      used.add(best)
      return true
    })
  let found = 0
  const points = hits.map((hit, at) => {
    if (hit) found += 1
    return { recall: found / total, precision: found / (at + 1) }
  })
  let sum = 0
  for (let recall = 0; recall <= 100; recall++) {
    sum += Math.max(0, ...points.filter((point) => point.recall >= recall / 100).map((point) => point.precision))
  }
  return sum / 101
}

/** Evaluates a model at a confidence that leaves the whole precision-recall curve. */
const evaluate = async (shipped: ModelDescriptor, file: string, folder: string) => {
  const model = new ModelDescriptor({ ...shipped, thresholds: { confidence: 0.01, overlap: 0.65 } })
  const engine = makeOnnxInferenceEngine({ threads: 1 })
  try {
    await engine.load({ descriptor: model, file })
    const images = (await readdir(join(folder, "images"))).filter((name) => name.endsWith(".jpg")).sort()
    const decoded = await decode(join(folder, "images"), model.input)
    const frame = model.input.size.width * model.input.size.height * 3
    const pictures: Array<Picture> = []
    for (const [at, name] of images.entries()) {
      const source = await sizeOf(join(folder, "images", name))
      const truths = await truthsOf(join(folder, "labels", `${basename(name, ".jpg")}.txt`), model, source)
      const detections = await detect(engine, model, source, decoded.subarray(at * frame, (at + 1) * frame))
      pictures.push({ truths, detections })
    }
    const precisions = model.labels.map((label) => averagePrecision(pictures, label)).filter((value) => value !== undefined)
    const boxes = pictures.flatMap(({ detections }) => detections)
    return {
      pictures: pictures.length,
      mean: precisions.reduce((sum, value) => sum + value, 0) / precisions.length,
      person: averagePrecision(pictures, "person") ?? 0,
      boxes
    }
  } finally {
    await engine.close()
  }
}

describe("accuracy on 128 images of COCO", () => {
  const folder = sample("labelled/coco")
  for (const { descriptor, file, mean, person } of [
    { descriptor: yoloxNano, file: sample("models/yolox_nano_416.onnx"), mean: 0.47, person: 0.6 },
    { descriptor: nanodetM, file: sample("models/nanodet_m_320.onnx"), mean: 0.42, person: 0.53 }
  ]) {
    it(`${descriptor.id} reaches a mean average precision of ${mean}`, { timeout: 120_000 }, async ({ skip }) => {
      skip(folder === undefined || file === undefined, noSamples)
      const result = await evaluate(descriptor, file ?? "", folder ?? "")
      process.stdout.write(`${descriptor.id}: mAP50 ${result.mean.toFixed(3)}, person AP50 ${result.person.toFixed(3)}\n`)
      expect(result.pictures).toBe(128)
      expect(result.mean).toBeGreaterThanOrEqual(mean)
      expect(result.person).toBeGreaterThanOrEqual(person)
      expect(result.boxes.every(({ box }) => box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0)).toBe(true)
    })
  }
})
