import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, layer } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { LumaObservation } from "@vigil/core/Observation"
import { mediaTime } from "@vigil/core/Time"
import type { DecodeDemand, FrameDemand } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { Effect } from "effect"
import { noise } from "../material/Luma.js"
import { brightnessYolox, describeTiny } from "../material/Models.js"
import {
  h264,
  h265,
  lumaDemand,
  mjpeg,
  openTold,
  pushAll,
  readFile,
  testPicture,
  type VideoFolder,
  videoFolder
} from "../material/Video.js"

let folder: VideoFolder

beforeAll(async () => {
  folder = await videoFolder()
  const vga = testPicture("640x480", 15, 4)
  await Promise.all([
    folder.make("vga.mp4", ...vga, ...h264(15)),
    folder.make("small.mp4", ...testPicture("320x240", 15, 2), ...h264(15)),
    folder.make(
      "reordered.mp4",
      ...testPicture("320x240", 25, 4),
      "-c:v",
      "libx264",
      "-bf",
      "3",
      "-g",
      "50",
      "-pix_fmt",
      "yuv420p"
    ),
    folder.make("vga.hevc.mp4", ...vga, ...h265(15)),
    folder.make("vga.avi", ...vga, ...mjpeg),
    // A white square that begins to move after four seconds on a grey picture.
    folder.make(
      "square.mp4",
      ...[
        "-f",
        "lavfi",
        "-i",
        "color=c=0x606060:size=640x480:rate=15:duration=8",
        "-f",
        "lavfi",
        "-i",
        "color=c=white:size=80x80:rate=15:duration=8"
      ],
      ...["-filter_complex", "[0][1]overlay=x='if(lt(t,4),-100,100+60*(t-4))':y=200:eval=frame", "-t", "8"],
      ...h264(15)
    ),
    // Something restless appears after four seconds.
    folder.make(
      "restless.mp4",
      ...[
        "-f",
        "lavfi",
        "-i",
        "color=c=0x606060:size=640x480:rate=15:duration=8",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=160x160:rate=15:duration=8"
      ],
      ...[
        "-filter_complex",
        "[1]noise=alls=40:allf=t[n];[0][n]overlay=x='if(lt(t,4),-200,100+60*(t-4))':y=200:eval=frame",
        "-t",
        "8"
      ],
      ...h264(15)
    )
  ])
})

afterAll(() => folder[Symbol.asyncDispose]())

const shifted = (units: ReadonlyArray<AccessUnit>, by: number): ReadonlyArray<AccessUnit> =>
  units.map((unit) => ({ ...unit, mediaTime: mediaTime(unit.mediaTime + by) }))

const probeJpeg = (bytes: Uint8Array): string => {
  const file = folder.path(`${crypto.randomUUID()}.jpg`)
  writeFileSync(file, bytes)
  return execFileSync("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", file])
    .toString()
    .trim()
}

layer(MediaWorkersLive.layer({ engine: { threads: 1 } }), { excludeTestServices: true })("media workers", (it) => {
  it.scoped.each(["vga.mp4", "vga.hevc.mp4", "vga.avi"])("decode every access unit of %s, in order", (name) =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path(name))
      const { decoder, luma } = yield* openTold(track, lumaDemand(15))
      yield* pushAll(decoder, video)
      yield* decoder.drain
      expect(decoder.statistics()).toMatchObject({ decoded: 60, dropped: 0, skipped: 0, errors: 0, restarts: 0 })
      expect(luma.map(({ frame }) => frame.frame)).toEqual(Array.from({ length: 60 }, (_, index) => index))
      expect(luma.map(({ frame }) => frame.mediaTime)).toEqual(video.map((unit) => unit.mediaTime))
      expect(luma.every(({ frame: { size } }) => size.width === 640 && size.height === 480)).toBe(true)
      expect(luma[30]?.difference).toBeGreaterThan(0)
    })
  )

  it.scoped("give each observation the times of its own access unit, although the decoder reorders", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("reordered.mp4"))
      const times = video.map((unit) => unit.mediaTime)
      expect(times).not.toEqual([...times].sort((a, b) => a - b))
      const { decoder, luma } = yield* openTold(track, lumaDemand(25))
      yield* pushAll(decoder, video)
      yield* decoder.drain
      expect(luma).toHaveLength(100)
      expect(luma.map(({ frame }) => frame.mediaTime)).toEqual([...times].sort((a, b) => a - b))
      for (const { frame } of luma) {
        const { mediaTime, received, wallTime } = video[frame.frame]
        expect(frame).toMatchObject({ mediaTime, received, wallTime })
      }
    })
  )

  it.scoped("use the parameter sets of the description when the stream has none", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      expect(track.parameterSets).toHaveLength(2)
      const bare = video.map((unit) => ({ ...unit, units: unit.units.filter((part) => ![6, 7, 8].includes(part[0] & 31)) }))
      const { decoder } = yield* openTold(track, lumaDemand(1))
      yield* pushAll(decoder, bare)
      yield* decoder.drain
      expect(decoder.statistics()).toMatchObject({ decoded: 60, errors: 0 })
    })
  )

  it.scoped("begin at a key frame, and after a damaged access unit wait for the next", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const { decoder, luma } = yield* openTold(track, lumaDemand(15))
      yield* pushAll(
        decoder,
        video.slice(5).map((unit, index) => ({ ...unit, damaged: index === 20 }))
      )
      yield* decoder.drain
      const numbers = luma.map(({ frame }) => frame.frame)
      // Key frames are the access units 15, 30 and 45 of the file, which are 10, 25 and 40 here.
      expect(numbers).toEqual([
        ...Array.from({ length: 10 }, (_, index) => index + 10),
        ...Array.from({ length: 30 }, (_, index) => index + 25)
      ])
      expect(decoder.statistics()).toMatchObject({ decoded: 40, dropped: 15 })
    })
  )

  it.scoped("follow a change of size in the middle of the stream", () =>
    Effect.gen(function* () {
      const large = yield* readFile(folder.path("vga.mp4"))
      const small = yield* readFile(folder.path("small.mp4"))
      const frames: FrameDemand = { width: 200, height: 200, fit: "letterbox", format: "rgb24", framesPerSecond: 15 }
      const told = yield* openTold(large.track, { ...lumaDemand(15), frames })
      const parts = [large, small, large, small, large].map(({ track, video }, index) =>
        shifted(video, index * 4_000_000).map((unit) =>
          unit.keyframe ? { ...unit, units: [...track.parameterSets, ...unit.units] } : unit
        )
      )
      yield* pushAll(told.decoder, parts.flat())
      yield* told.decoder.drain
      expect(told.decoder.statistics()).toMatchObject({ decoded: 60 * 3 + 30 * 2, errors: 0 })
      const sizes = told.luma.map(({ frame }) => frame.size.width)
      expect(sizes.filter((width) => width === 320)).toHaveLength(60)
      expect(new Set(told.frames.map(({ data }) => data.length))).toEqual(new Set([200 * 200 * 3]))
    })
  )

  it.scoped("decode nothing that nobody asked for", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const nothing: DecodeDemand = { detectors: [], masks: [], rate: "full" }
      const { decoder, luma } = yield* openTold(track, nothing)
      yield* pushAll(decoder, video.slice(0, 40))
      yield* decoder.drain
      expect(decoder.statistics()).toMatchObject({ decoded: 0, skipped: 40, dropped: 0 })
      expect(probeJpeg(yield* decoder.snapshot)).toBe("mjpeg,640,480")
      decoder.configure(lumaDemand(15))
      yield* pushAll(decoder, video.slice(40))
      yield* decoder.drain
      expect(luma.map(({ frame }) => frame.frame)).toEqual(Array.from({ length: 15 }, (_, index) => index + 45))
    })
  )

  it.scoped("have no picture before the first key frame, and say so", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const { decoder } = yield* openTold(track, lumaDemand(5))
      const error = yield* Effect.flip(decoder.snapshot)
      expect(error).toMatchObject({ _tag: "NoPicture", detail: "no key frame could be decoded yet" })
      yield* pushAll(decoder, video.slice(0, 20))
      yield* decoder.drain
      expect(probeJpeg(yield* decoder.snapshot)).toBe("mjpeg,640,480")
    })
  )

  it.scoped.each([
    ["letterbox", "rgb24", "scale=400:300:flags=bilinear,format=rgb24,pad=500:300:50:0"],
    ["crop", "bgr24", "crop=640:384:0:48,scale=500:300:flags=bilinear,format=bgr24"],
    ["stretch", "gray8", "extractplanes=y,scale=500:300:flags=bilinear,format=gray"]
  ] as const)("give frames (%s, %s) as ffmpeg makes them", ([fit, format, filter]) =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const { decoder, frames } = yield* openTold(track, {
        detectors: [],
        masks: [],
        rate: "lossless",
        frames: { width: 500, height: 300, fit, format, framesPerSecond: 15 }
      })
      yield* pushAll(decoder, video.slice(0, 5))
      yield* decoder.drain
      expect(frames).toHaveLength(5)
      const pixels = execFileSync(
        "ffmpeg",
        ["-v", "error", "-i", folder.path("vga.mp4"), "-vf", filter, "-frames:v", "5", "-f", "rawvideo", "-"],
        { maxBuffer: 1e8 }
      )
      const bytes = pixels.length / 5
      frames.forEach(({ data }, index) => {
        expect(Buffer.compare(data, pixels.subarray(index * bytes, (index + 1) * bytes))).toBe(0)
      })
    })
  )

  it.scoped(
    "find a moving square and let the detector look only while it moves",
    () =>
      Effect.gen(function* () {
        const { track, video } = yield* readFile(folder.path("square.mp4"))
        const bytes = brightnessYolox({ width: 320, height: 256 })
        const file = folder.path("tiny.onnx")
        writeFileSync(file, bytes)
        const descriptor = describeTiny(bytes, { width: 320, height: 256 })
        const { decoder, inferences, luma } = yield* openTold(track, {
          ...lumaDemand(5),
          detectors: [{ model: { descriptor, file }, priority: "HIGH", framesPerSecond: 5, gate: "motion" }]
        })
        yield* pushAll(decoder, video)
        yield* decoder.drain
        const moving = luma.filter(({ motion }) => motion.regions.length > 0)
        expect(moving.length).toBeGreaterThan(10)
        for (const { frame, motion } of moving.slice(2)) {
          const left = 100 + 60 * (frame.mediaTime / 1e6 - 4)
          expect(
            motion.regions.some(
              (box) => Math.abs(box.x - left) < 16 && Math.abs(box.y - 200) < 16 && Math.abs(box.width - 80) < 32
            )
          ).toBe(true)
        }
        expect(inferences.length).toBeGreaterThan(10)
        for (const { frame } of inferences) expect(frame.mediaTime).toBeGreaterThanOrEqual(3_900_000)
        expect(inferences.some(({ detections }) => detections.length > 0)).toBe(true)
        expect(decoder.statistics()).toMatchObject({ inferences: inferences.length, inferencesDropped: 0 })
      }),
    120_000
  )

  it.scoped("decode key frames only while it is quiet, and everything when something moves", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("restless.mp4"))
      const { decoder, luma } = yield* openTold(track, lumaDemand(15, "idle-when-quiet"))
      const still = video.slice(0, 45)
      // Half a minute of the still picture, whose access units are received at their own pace, then movement.
      const quiet = Array.from({ length: 10 }, (_, round) => shifted(still, round * 3_000_000)).flat()
      const moving = shifted(video.slice(60), 26_000_000)
      const received = [...quiet, ...moving].map((unit, index) => ({
        ...unit,
        received: (1000 + index * (1000 / 15)) as typeof unit.received
      }))
      yield* pushAll(decoder, received)
      yield* decoder.drain
      const last = received.length - 1
      const { decoded, dropped, skipped } = decoder.statistics()
      expect(dropped).toBe(0)
      expect(skipped).toBeGreaterThan(250)
      expect(decoded + skipped).toBeGreaterThanOrEqual(received.length)
      const numbers = luma.map(({ frame }) => frame.frame)
      expect(numbers.at(-1)).toBe(last)
      expect(numbers.filter((number) => number > last - 30)).toHaveLength(30)
    })
  )

  it.scoped.each(["vga.mp4", "vga.hevc.mp4", "vga.avi"])(
    "survive corrupted access units of %s",
    (name) =>
      Effect.gen(function* () {
        const { track, video } = yield* readFile(folder.path(name))
        const random = noise(11)
        const corrupt = (part: Uint8Array): Uint8Array => {
          const kind = random()
          if (kind < 0.1) return new Uint8Array(0)
          if (kind < 0.3) return part.subarray(0, Math.floor(part.length * random()))
          const copy = Uint8Array.from(part)
          for (let hit = 0; hit < 12; hit++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
          return copy
        }
        const rounds = Array.from({ length: 6 }, (_, round) => shifted(video, round * 4_000_000)).flat()
        const { decoder, luma } = yield* openTold(track, lumaDemand(15))
        yield* pushAll(
          decoder,
          rounds.map((unit) => (random() < 0.3 ? { ...unit, units: unit.units.map(corrupt) } : unit))
        )
        yield* pushAll(decoder, shifted(video, 30_000_000))
        yield* decoder.drain
        expect(decoder.statistics().restarts).toBe(0)
        expect(decoder.statistics().errors).toBeGreaterThan(0)
        // The sound stream at the end is seen whole.
        expect(luma.filter(({ frame }) => frame.frame >= rounds.length)).toHaveLength(60)
      }),
    120_000
  )

  it.scoped("bound what a source that cannot wait pushes, and go on at a key frame", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const { decoder, luma } = yield* openTold(track, lumaDemand(15, "full"))
      const waits: Array<Promise<void>> = []
      for (let round = 0; round < 20; round++) {
        for (const unit of shifted(video, round * 4_000_000)) {
          const wait = decoder.push(unit)
          if (wait !== undefined) waits.push(wait)
        }
      }
      expect(waits.length).toBeGreaterThan(0)
      yield* Effect.promise(() => Promise.all(waits))
      yield* decoder.drain
      const { decoded, dropped } = decoder.statistics()
      expect(decoded + dropped).toBe(1200)
      expect(decoded).toBeLessThanOrEqual(60)
      expect(luma.length).toBe(decoded)
    })
  )

  it.scoped("end when the scope ends, also in the middle of work", () =>
    Effect.gen(function* () {
      const { track, video } = yield* readFile(folder.path("vga.mp4"))
      const seen: Array<LumaObservation> = []
      const decoder = yield* Effect.scoped(
        Effect.gen(function* () {
          const told = yield* openTold(track, lumaDemand(15), (observation) => {
            if (observation._tag === "Luma") seen.push(observation)
          })
          for (const unit of video.slice(0, 30)) void told.decoder.push(unit)
          return told.decoder
        })
      )
      const count = seen.length
      expect(decoder.push(video[0])).toBeUndefined()
      yield* decoder.drain
      expect(yield* Effect.flip(decoder.snapshot)).toMatchObject({ detail: "its decoder is closed" })
      expect(seen.length).toBe(count)
    })
  )
})

describe("without a worker", () => {
  layer(MediaWorkersLive.layer(), { excludeTestServices: true })("nothing is started", (it) => {
    it.effect("before somebody needs it", () =>
      Effect.gen(function* () {
        const { MediaWorkers } = yield* Effect.promise(() => import("@vigil/runtime/media/MediaWorkers"))
        const workers = yield* MediaWorkers
        expect(yield* workers.health).toEqual([])
      })
    )
  })
})
