import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { promisify } from "node:util"
import { describe, expect, layer } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { mediaTime } from "@vigil/core/Time"
import { writeSegmentFile } from "@vigil/runtime/jobs/segment/SegmentFile"
import { readSegmentFile } from "@vigil/runtime/jobs/segment/SegmentReader"
import { layer as layerMediaWorkers } from "@vigil/runtime/media/MediaWorkersLive"
import { Effect, Either } from "effect"
import * as fc from "effect/FastCheck"
import { picture } from "../../material/AccessUnits.js"
import { countPictures, h264, h265, mjpeg, readFile, testPicture, type VideoFolder, videoFolder } from "../../material/Video.js"

const run = promisify(execFile)

const folder = Effect.acquireRelease(
  Effect.promise(() => videoFolder()),
  (open) => Effect.promise(() => open[Symbol.asyncDispose]())
)

/** Presentation times as ffprobe reads them, in microseconds, in decoding order. */
const presentationTimes = async (file: string): Promise<ReadonlyArray<number>> => {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "packet=pts", "-of", "csv=p=0", file])
  return stdout.trim().split("\n").map(Number)
}

const cases = [
  { name: "H.264", args: h264(10) },
  { name: "H.264 with reordered pictures", args: ["-c:v", "libx264", "-bf", "2", "-g", "15", "-pix_fmt", "yuv420p"] },
  { name: "H.265", args: h265(10) },
  { name: "motion JPEG", args: mjpeg }
]

/** A file made by ffmpeg, read, and written as a segment that began an hour ago. */
const rewritten = (videos: VideoFolder, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const original = yield* Effect.promise(() => videos.make("original.mkv", ...testPicture("320x240", 15, 2), ...args))
    const { track, video } = yield* readFile(original)
    const units = video.map((unit): AccessUnit => ({ ...unit, mediaTime: mediaTime(unit.mediaTime + 3_600_000_123) }))
    const bytes = Either.getOrThrow(writeSegmentFile(track, units))
    const file = videos.path("segment.mp4")
    yield* Effect.promise(() => writeFile(file, bytes))
    return { track, units, bytes, file }
  })

describe("SegmentFile", () => {
  layer(layerMediaWorkers({ workers: 1 }), { excludeTestServices: true })((it) => {
    for (const { args, name } of cases) {
      it.scoped(`${name}: ffmpeg decodes every picture, at its media time`, () =>
        Effect.gen(function* () {
          const { file, units } = yield* rewritten(yield* folder, args)
          expect(yield* Effect.promise(() => countPictures(file))).toBe(30)
          const times = yield* Effect.promise(() => presentationTimes(file))
          expect(times).toEqual(units.map((unit) => Math.round(unit.mediaTime)))
        })
      )

      it.scoped(`${name}: a worker reads what was written`, () =>
        Effect.gen(function* () {
          const { bytes, track, units } = yield* rewritten(yield* folder, args)
          const read = Either.getOrThrow(readSegmentFile(bytes))
          expect(read.track).toMatchObject({ codec: track.codec, width: 320, height: 240 })
          expect(read.track.parameterSets.length > 0).toBe(track.codec !== "mjpeg")
          expect(read.pictures).toHaveLength(units.length)
          read.pictures.forEach((got, index) => {
            const unit = units[index]
            expect(got.keyframe).toBe(unit?.keyframe)
            expect(got.mediaTime).toBe(Math.round(unit?.mediaTime ?? 0))
            expect(Buffer.concat(got.units).equals(Buffer.concat(unit?.units ?? []))).toBe(true)
          })
        })
      )
    }

    it("says so when there are no parameter sets, and no pictures", () => {
      const track = { kind: "video", codec: "h264", parameterSets: [] } as const
      expect(Either.getLeft(writeSegmentFile(track, [picture(0)])).pipe(String)).toContain("no parameter sets")
      expect(Either.isLeft(writeSegmentFile(track, []))).toBe(true)
    })

    it("refuses damaged files without throwing", () => {
      const track = {
        kind: "video",
        codec: "h264",
        parameterSets: [Uint8Array.of(0x67, 1, 2, 3), Uint8Array.of(0x68, 1)]
      } as const
      const whole = Either.getOrThrow(writeSegmentFile(track, [picture(0), picture(1)]))
      expect(Either.isRight(readSegmentFile(whole))).toBe(true)
      fc.assert(
        fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
          expect(Either.isLeft(readSegmentFile(whole.subarray(0, length)))).toBe(true)
        })
      )
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
          const damaged = Uint8Array.from(whole)
          damaged[at] = value
          readSegmentFile(damaged)
        }),
        { numRuns: 2000 }
      )
    })
  })
})
