import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, layer } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { SourceError, SourceErrorReason } from "@vigil/core/Source"
import { MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { fileSource } from "@vigil/runtime/source/file/FileSource"
import { Effect, Fiber } from "effect"
import { noSamples, sample } from "../../material/Samples.js"
import {
  countPictures,
  fileConfig,
  h264,
  h265,
  lumaDemand,
  mjpeg,
  openTold,
  pushAll,
  readFile,
  testPicture,
  until,
  type VideoFolder,
  videoFolder
} from "../../material/Video.js"

/** Name, codec, pictures that decode although some access units are broken: none of ours where it is left out. */
const samples: ReadonlyArray<readonly [file: string, codec: string, fewest?: number]> = [
  ["bottle-detection.mp4", "h264"],
  ["car-detection.mp4", "h264"],
  ["derived_car_h265.mp4", "h265"],
  ["derived_car_mjpeg.avi", "mjpeg"],
  ["derived_car_truncated.mp4", "h264"],
  ["derived_person_pktloss15.ts", "h264", 100],
  ["fall_eikesan_video.mp4", "h264"],
  ["frigate_motion-1.mp4", "h264"],
  ["furg_house6_fire.mp4", "h264"],
  ["mediamtx_offline_h264.mp4", "h264"],
  ["mediamtx_offline_h265.mp4", "h265"],
  ["openh264_BA1_FT_C.264", "h264"],
  ["openh264_BA_MW_D_IDR_LOST.264", "h264", 50],
  ["openh264_Error_I_P.264", "h264", 1],
  ["openh264_MIDR_MW_D.264", "h264"],
  ["openh264_VID_1280x720_cabac_temporal_direct.264", "h264"],
  ["openh264_jm_1080p_allslice.264", "h264"]
]

let folder: VideoFolder

beforeAll(async () => {
  folder = await videoFolder()
  const picture = testPicture("320x240", 25, 2)
  await folder.make("a.mp4", ...picture, "-f", "lavfi", "-i", "sine=duration=2", ...h264(25), "-c:a", "aac")
  await Promise.all([
    ...["a.mkv", "a.ts", "a.avi", "a.264"].map((name) =>
      folder.make(name, "-i", folder.path("a.mp4"), "-c", "copy", ...(name === "a.264" ? ["-an"] : []))
    ),
    folder.make("b.265", ...picture, ...h265(25)),
    folder.make("b.mkv", ...picture, ...h265(25)),
    folder.make("c.mjpeg", ...picture, ...mjpeg),
    folder.make("c.avi", ...picture, ...mjpeg),
    folder.make("sound.m4a", "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"),
    folder.make("vp8.webm", ...picture, "-c:v", "libvpx", "-deadline", "realtime")
  ])
})

afterAll(() => folder[Symbol.asyncDispose]())

const open = (file: string, sink: (unit: AccessUnit) => void | Promise<void>, options: Parameters<typeof fileConfig>[1] = {}) =>
  Effect.gen(function* () {
    const workers = yield* MediaWorkers
    return yield* fileSource(workers).open(fileConfig(file, options), sink)
  })

/** Reads a file to its end, and says how that went. */
const outcome = (
  file: string
): Effect.Effect<{ readonly pictures: number; readonly error: SourceError | undefined }, never, MediaWorkers> => {
  let pictures = 0
  return Effect.scoped(
    Effect.flatMap(
      open(file, ({ kind }) => {
        if (kind === "video") pictures++
      }),
      ({ ended }) => ended
    )
  ).pipe(Effect.match({ onSuccess: () => ({ pictures, error: undefined }), onFailure: (error) => ({ pictures, error }) }))
}

const written = (name: string, bytes: string | Uint8Array) => () => {
  writeFileSync(folder.path(name), bytes)
  return folder.path(name)
}

const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"

const refused: ReadonlyArray<readonly [what: string, file: () => string, reason: SourceErrorReason, detail: RegExp]> = [
  ["is absent", () => "/nowhere/at-all.mp4", "unreachable", /no such file/],
  ["is a folder", () => "/", "unsupported", /not a regular file/],
  ["is a device", () => "/dev/zero", "unsupported", /not a regular file/],
  ["is no video", () => "/etc/passwd", "unsupported", /not a video file/],
  ["has sound only", () => folder.path("sound.m4a"), "unsupported", /has no video/],
  ["has a codec of others", () => folder.path("vp8.webm"), "unsupported", /H.264, H.265 and MJPEG are supported/],
  ["is a list of other files", written("list.m3u8", playlist), "unsupported", /not a video file/],
  ["is empty", written("empty.mp4", ""), "unsupported", /not a video file/],
  [
    "lost its index",
    () => written("head.mp4", readFileSync(folder.path("a.mp4")).subarray(0, 6000))(),
    "unsupported",
    /not a video file/
  ]
]

layer(MediaWorkersLive.layer(), { excludeTestServices: true })("the file source", (it) => {
  it.effect.each([
    ["a.mp4", "h264", 2],
    ["a.mkv", "h264", 2],
    ["a.ts", "h264", 2],
    ["a.avi", "h264", 2],
    ["a.264", "h264", 1],
    ["b.265", "h265", 1],
    ["b.mkv", "h265", 1],
    ["c.mjpeg", "mjpeg", 1],
    ["c.avi", "mjpeg", 1]
  ] as const)("reads %s", ([name, codec, tracks]) =>
    Effect.gen(function* () {
      const { description, track, units, video } = yield* readFile(folder.path(name))
      expect(description).toMatchObject({
        protocol: "file",
        tracks: expect.toSatisfy((all: ReadonlyArray<unknown>) => all.length === tracks)
      })
      expect(track).toMatchObject({ codec, width: 320, height: 240, framesPerSecond: 25 })
      expect(video).toHaveLength(50)
      expect(video[0]).toMatchObject({ keyframe: true, damaged: false, track: 0 })
      // Sound may begin up to a frame of 1024 samples earlier.
      expect(Math.min(...units.map(({ mediaTime }) => mediaTime))).toBe(0)
      expect(video[0].mediaTime).toBeLessThan(30_000)
      expect(video.filter(({ keyframe }) => keyframe)).toHaveLength(codec === "mjpeg" ? 50 : 2)
      // AVI counts frames, and ffmpeg leaves one out to keep step with sound that begins earlier.
      const tolerance = name === "a.avi" ? 41_000 : 1000
      video.forEach(({ mediaTime }, index) =>
        expect(Math.abs(mediaTime - video[0].mediaTime - index * 40_000)).toBeLessThan(tolerance)
      )
      if (codec === "h264") expect(track.parameterSets.map((set) => set[0] & 31)).toEqual([7, 8])
      const sound = units.filter(({ kind }) => kind === "audio")
      expect(sound.length > 0).toBe(tracks === 2)
      for (const unit of sound) expect(unit.units[0][0] === 0xff && (unit.units[0][1] & 0xf6) === 0xf0).toBe(false)
    })
  )

  it.effect("gives the same bytes from every container", () =>
    Effect.gen(function* () {
      const slices = (units: ReadonlyArray<AccessUnit>) =>
        units.map((unit) => Buffer.concat(unit.units.filter((part) => [1, 5].includes(part[0] & 31))).toString("base64"))
      const [mp4, ...others] = yield* Effect.forEach(["a.mp4", "a.mkv", "a.ts", "a.avi", "a.264"], (name) =>
        readFile(folder.path(name))
      )
      for (const other of others) expect(slices(other.video)).toEqual(slices(mp4.video))
    })
  )

  it.effect("plays at the pace of its time stamps, again and again, media time going on", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const started = performance.now()
        const arrived: Array<{ readonly unit: AccessUnit; readonly at: number }> = []
        const source = yield* open(folder.path("a.264"), (unit) => void arrived.push({ unit, at: performance.now() }), {
          pace: "realtime",
          loop: true
        })
        yield* until("it has started again", () => arrived.length > 55)
        expect(arrived.map(({ unit }) => unit.mediaTime)).toEqual(arrived.map((_, index) => index * 40_000))
        // Never before its time; how late depends on the machine.
        for (const { at, unit } of arrived) expect(at - arrived[0].at).toBeGreaterThanOrEqual(unit.mediaTime / 1000 - 25)
        expect(performance.now() - started).toBeGreaterThan(2000)
        expect(arrived[50].unit.keyframe).toBe(true)
        expect(
          arrived.every(({ unit }) => unit.wallClockOrigin === "receive" && Math.abs(unit.wallTime - Date.now()) < 60_000)
        ).toBe(true)
        expect(source.statistics()).toMatchObject({ accessUnits: arrived.length, packetsLost: 0 })
        expect(source.statistics().framesPerSecond).toBeCloseTo(25, 0)
      })
    )
  )

  it.effect("waits for a sink that asks it to", () =>
    Effect.scoped(
      Effect.gen(function* () {
        let inside = 0
        let most = 0
        let count = 0
        const source = yield* open(folder.path("a.264"), async () => {
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 1))
          inside--
          count++
        })
        yield* source.ended
        expect(most).toBe(1)
        expect(count).toBe(50)
      })
    )
  )

  it.effect("stops when its scope is closed", () =>
    Effect.gen(function* () {
      let count = 0
      const fiber = yield* Effect.fork(
        Effect.scoped(
          Effect.flatMap(
            open(folder.path("a.264"), () => void count++, { pace: "realtime", loop: true }),
            ({ ended }) => ended
          )
        )
      )
      yield* until("it plays", () => count > 5)
      yield* Fiber.interrupt(fiber)
      const stopped = count
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 150)))
      expect(count).toBe(stopped)
    })
  )

  it.effect.each(refused)("says what is wrong with a file that %s", ([, file, reason, detail]) =>
    Effect.gen(function* () {
      const path = file()
      const { error } = yield* outcome(path)
      expect(error).toMatchObject({ _tag: "SourceError", reason, url: `file://${path}` })
      expect(error?.detail).toMatch(detail)
    })
  )

  it.effect("refuses an address that is no path", () =>
    Effect.gen(function* () {
      const workers = yield* MediaWorkers
      const error = yield* Effect.flip(
        Effect.scoped(fileSource(workers).open({ ...fileConfig("/x"), url: "file://elsewhere/x" }, () => undefined))
      )
      expect(error.reason).toBe("invalid-url")
    })
  )

  it.effect.each(["a.mkv", "a.ts", "a.avi", "a.264", "b.265", "c.mjpeg"])(
    "ends with what could be read of %s, cut off anywhere",
    (name) =>
      Effect.gen(function* () {
        const whole = readFileSync(folder.path(name))
        for (const share of [0.05, 0.35, 0.7, 0.97]) {
          const cut = folder.path(`cut-${name}`)
          writeFileSync(cut, whole)
          truncateSync(cut, Math.floor(statSync(cut).size * share))
          const { error, pictures } = yield* outcome(cut)
          expect(pictures > 0 || error !== undefined).toBe(true)
          expect(pictures).toBeLessThanOrEqual(50)
          if (share > 0.6) expect(pictures).toBeGreaterThan(15)
        }
      }),
    120_000
  )

  it.effect(
    "ends, one way or the other, on files full of errors",
    () =>
      Effect.gen(function* () {
        for (const name of ["a.mp4", "a.mkv", "a.ts", "a.avi", "c.avi"]) {
          for (let seed = 1; seed <= 4; seed++) {
            const bytes = readFileSync(folder.path(name))
            for (let hit = 0; hit < 30 * seed; hit++)
              bytes[(hit * 7919 * seed * 104_729) % bytes.length] = (hit * 31 + seed) % 256
            writeFileSync(folder.path(`broken-${name}`), bytes)
            const { error, pictures } = yield* outcome(folder.path(`broken-${name}`))
            expect(pictures > 0 || error !== undefined).toBe(true)
          }
        }
      }),
    120_000
  )

  for (const [name, codec, fewest] of samples) {
    const file = sample(`videos/${name}`)
    if (file === undefined) {
      it.skip(`decodes the sample ${name}: ${noSamples}`)
      continue
    }
    it.effect(
      `decodes the sample ${name}`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { track, video } = yield* readFile(file)
            expect(track.codec).toBe(codec)
            const { decoder } = yield* openTold(track, lumaDemand(1))
            yield* pushAll(decoder, video)
            yield* decoder.drain
            const { decoded, restarts } = decoder.statistics()
            const expected = yield* Effect.promise(() => countPictures(file))
            expect(restarts).toBe(0)
            expect(decoded).toBeLessThanOrEqual(expected)
            expect(decoded).toBeGreaterThanOrEqual(fewest ?? expected)
          })
        ),
      120_000
    )
  }
})

describe("a reader process that dies", () => {
  layer(MediaWorkersLive.layer(), { excludeTestServices: true })("", (it) => {
    it.effect("ends the source with an error, not a hang", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const workers = yield* MediaWorkers
          let count = 0
          const source = yield* open(folder.path("a.264"), () => void count++, { pace: "realtime", loop: true })
          yield* until("it plays", () => count > 3)
          const [worker] = yield* workers.health
          expect(worker.cameras).toBe(1)
          process.kill(worker.pid ?? 0, "SIGKILL")
          const error = yield* Effect.flip(source.ended)
          expect(error).toMatchObject({ reason: "device" })
          expect(error.detail).toMatch(/SIGKILL/)
        })
      )
    )
  })
})
