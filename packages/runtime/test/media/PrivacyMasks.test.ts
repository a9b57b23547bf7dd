import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { afterAll, beforeAll, expect, layer } from "@effect/vitest"
import { Zone } from "@vigil/core/geometry/Zone"
import type { DecodeDemand, FrameDemand } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { Effect } from "effect"
import { brightnessYolox, describeTiny } from "../material/Models.js"
import { lumaDemand, mjpeg, openTold, pushAll, readFile, testPicture, type VideoFolder, videoFolder } from "../material/Video.js"

let folder: VideoFolder

/** What the videos differ in: whole blocks of motion JPEG, which have no influence on others. */
const secret = { x: 160, y: 160, width: 160, height: 160 }

beforeAll(async () => {
  folder = await videoFolder()
  const differing = (...filter: ReadonlyArray<string>) => [
    ...testPicture("640x480", 15, 2),
    "-vf",
    ["format=yuvj420p", ...filter].join(","),
    ...mjpeg
  ]
  const box = (colour: string) => `drawbox=${secret.x}:${secret.y}:${secret.width}:${secret.height}:${colour}:fill`
  const blink = "drawbox=200:200:60:60:white:fill:enable='gt(mod(t,0.4),0.2)'"
  await Promise.all([
    folder.make("red.avi", ...differing(box("red"))),
    folder.make("blinking.avi", ...differing(box("black"), blink)),
    folder.make("noisy.avi", ...differing("noise=alls=12:allf=t"))
  ])
})

afterAll(() => folder[Symbol.asyncDispose]())

const secretMask = new Zone({
  name: "the neighbour's window",
  polygon: [
    { x: 160 / 640, y: 160 / 480 },
    { x: 320 / 640, y: 160 / 480 },
    { x: 320 / 640, y: 320 / 480 },
    { x: 160 / 640, y: 320 / 480 }
  ]
})

const everything = {
  name: "everything",
  polygon: [0, 1].flatMap((y) => [
    { x: y, y },
    { x: 1 - y, y }
  ])
}

const bytesOf = (parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts).toString("hex")

const pixelsOf = (jpeg: Uint8Array): Buffer => {
  const file = folder.path(`${crypto.randomUUID()}.jpg`)
  writeFileSync(file, jpeg)
  return execFileSync("ffmpeg", ["-v", "error", "-i", file, "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
    maxBuffer: 1e8
  })
}

/** Everything that leaves a media worker, of both videos. */
const seen = (name: string, masks: ReadonlyArray<Zone>, demand: Partial<DecodeDemand>) =>
  Effect.gen(function* () {
    const { track, video } = yield* readFile(folder.path(name))
    const { decoder, frames, inferences, live, luma } = yield* openTold(track, {
      ...lumaDemand(15),
      ...demand,
      masks,
      live: true
    })
    yield* pushAll(decoder, video)
    yield* decoder.drain
    return {
      snapshot: yield* decoder.snapshot,
      frames: frames.map(({ data }) => data),
      luma: luma.map(({ deviation, difference, edgesKept, mean, motion, sharpness }) => ({
        ...{ deviation, difference, edgesKept, mean, motion, sharpness }
      })),
      detections: inferences.map(({ detections }) => detections),
      live
    }
  })

const frameDemand = (demand: Partial<FrameDemand>): FrameDemand => ({
  ...{ width: 500, height: 300, fit: "letterbox", format: "rgb24", framesPerSecond: 15 },
  ...demand
})

const detector = () => {
  const bytes = brightnessYolox({ width: 320, height: 256 })
  const file = folder.path("tiny.onnx")
  writeFileSync(file, bytes)
  const descriptor = describeTiny(bytes, { width: 320, height: 256 })
  return { model: { descriptor, file }, priority: "HIGH", framesPerSecond: 15, gate: "always" } as const
}

layer(MediaWorkersLive.layer({ engine: { threads: 1 } }), { excludeTestServices: true })("privacy masks", (it) => {
  it.scoped("nothing that lies under one has any influence on what leaves the worker", () =>
    Effect.gen(function* () {
      const demand = { detectors: [detector()], frames: frameDemand({}) }
      const [a, b] = [yield* seen("red.avi", [secretMask], demand), yield* seen("blinking.avi", [secretMask], demand)]
      expect(a.frames).toHaveLength(30)
      expect(a.live).toHaveLength(30)
      expect(a.detections).toHaveLength(30)
      expect(a.luma).toHaveLength(30)
      expect(bytesOf(a.frames) === bytesOf(b.frames)).toBe(true)
      expect(bytesOf([a.snapshot]) === bytesOf([b.snapshot])).toBe(true)
      expect(a.luma).toEqual(b.luma)
      expect(a.detections).toEqual(b.detections)
      expect(bytesOf(a.live.flatMap(({ units }) => units)) === bytesOf(b.live.flatMap(({ units }) => units))).toBe(true)
    })
  )

  it.scoped.each<Partial<FrameDemand>>([
    { fit: "crop", width: 333, height: 333, format: "bgr24" },
    { fit: "stretch", width: 97, height: 41, format: "gray8" },
    { fit: "crop", width: 1280, height: 720, format: "rgb24" },
    { fit: "stretch", width: 640, height: 480, format: "gray8" }
  ])("nor on frames of any shape: %j", (shape) =>
    Effect.gen(function* () {
      const demand = { frames: frameDemand(shape) }
      const [a, b] = [yield* seen("red.avi", [secretMask], demand), yield* seen("blinking.avi", [secretMask], demand)]
      expect(a.frames).toHaveLength(30)
      expect(bytesOf(a.frames) === bytesOf(b.frames)).toBe(true)
    })
  )

  it.scoped("without one the videos differ in all of it", () =>
    Effect.gen(function* () {
      const demand = { frames: frameDemand({}) }
      const [a, b] = [yield* seen("red.avi", [], demand), yield* seen("blinking.avi", [], demand)]
      expect(bytesOf(a.frames) === bytesOf(b.frames)).toBe(false)
      expect(bytesOf([a.snapshot]) === bytesOf([b.snapshot])).toBe(false)
      expect(a.luma).not.toEqual(b.luma)
      expect(bytesOf(a.live.flatMap(({ units }) => units)) === bytesOf(b.live.flatMap(({ units }) => units))).toBe(false)
    })
  )

  it.scoped("leaves the rest of the picture as it is, and burns black", () =>
    Effect.gen(function* () {
      const demand = { frames: frameDemand({ width: 640, height: 480, fit: "stretch", format: "gray8" }) }
      const [masked, plain] = [yield* seen("red.avi", [secretMask], demand), yield* seen("red.avi", [], demand)]
      const margin = 5
      const [one, other] = [masked.frames[10] ?? new Uint8Array(), plain.frames[10] ?? new Uint8Array()]
      let [differing, burnt] = [0, 0]
      for (let y = 0; y < 480; y++) {
        for (let x = 0; x < 640; x++) {
          const isNear = (at: number, from: number, length: number) => at >= from - margin && at < from + length + margin
          const at = y * 640 + x
          if (isNear(x, secret.x, secret.width) && isNear(y, secret.y, secret.height)) burnt += one[at] === 16 ? 1 : 0
          else differing += one[at] === other[at] ? 0 : 1
        }
      }
      expect(differing).toBe(0)
      expect(burnt).toBeGreaterThan(162 * 162)
      expect(pixelsOf(masked.snapshot)[240 * 640 + 240]).toBeLessThan(5)
      expect(pixelsOf(masked.snapshot)[50 * 640 + 50]).toBe(pixelsOf(plain.snapshot)[50 * 640 + 50])
    })
  )

  it.scoped("hold from the moment that they are drawn, also for the picture that was seen before", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("red.avi"))
      const { decoder, live } = yield* openTold(track, { ...lumaDemand(15), live: true })
      yield* pushAll(decoder, video.slice(0, 10))
      const before = pixelsOf(yield* decoder.snapshot)
      expect(before[240 * 640 + 240]).toBeGreaterThan(40)
      decoder.configure({ ...lumaDemand(15), masks: [new Zone(everything)], live: true })
      const after = pixelsOf(yield* decoder.snapshot)
      expect(after.every((value) => value < 5)).toBe(true)
      const shown = live.length
      yield* pushAll(decoder, video.slice(10))
      yield* decoder.drain
      // Who looks on sees it from a key frame on.
      expect(live[shown]?.keyframe).toBe(true)
      expect(live.length).toBe(30)
    })
  )

  it.scoped("are coded for viewers as H.264 that others can decode, and that looks like the camera's picture", () =>
    Effect.gen(function* () {
      const { live } = yield* seen("noisy.avi", [secretMask], {})
      const start = Buffer.of(0, 0, 0, 1)
      const file = folder.path("live.h264")
      writeFileSync(file, Buffer.concat(live.flatMap(({ units }) => units.flatMap((unit) => [start, unit]))))
      const facts = execFileSync("ffprobe", [
        ...["-v", "error", "-count_frames", "-show_entries", "stream=profile,width,height,nb_read_frames", "-of", "csv=p=0", file]
      ])
      expect(facts.toString().trim()).toBe("Constrained Baseline,640,480,30")
      const planesOf = (video: string) =>
        execFileSync("ffmpeg", ["-v", "error", "-i", video, "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
          maxBuffer: 1e8
        }).subarray(29 * 640 * 480)
      const [coded, camera] = [planesOf(file), planesOf(folder.path("noisy.avi"))]
      expect(coded[240 * 640 + 240]).toBeLessThan(20)
      const rows = Array.from({ length: 140 * 640 }, (_, at) => Math.abs((coded[at] ?? 0) - (camera[at] ?? 0)))
      expect(rows.reduce((sum, difference) => sum + difference, 0) / rows.length).toBeLessThan(5)
      // A picture of noise costs what it costs, up to the rate that the encoder is told.
      const bytes = live.flatMap(({ units }) => units).reduce((sum, unit) => sum + unit.length, 0)
      expect(bytes).toBeGreaterThan(400_000)
      expect(bytes).toBeLessThan(1_500_000)
    })
  )
})
