import { execFileSync } from "node:child_process"
import { it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { OpenSource, RtspTransport } from "@vigil/core/Source"
import { sourceConfig } from "@vigil/core/Source"
import {
  type GStreamerRtspServer,
  type GStreamerRtspServerOptions,
  startGStreamerRtspServer
} from "@vigil/fixtures/peer/GStreamerRtspServer"
import { jpegSize } from "@vigil/runtime/media/JpegSize"
import { rtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import { Effect, Redacted, type Scope } from "effect"
import { describe, expect } from "vitest"

const picture = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=15/1"
const sound = (rate: number) => `audiotestsrc is-live=true samplesperbuffer=${rate / 50} ! audio/x-raw,rate=${rate},channels=1`

const h264 = `${picture} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=8 ! rtph264pay name=pay0 pt=96`
const mounts = {
  h264,
  "h264-aggregated": `${picture} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=8 ! rtph264pay name=pay0 pt=96 aggregate-mode=max-stap config-interval=-1`,
  "h264-small-packets": `${picture} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=8 bitrate=4000 ! rtph264pay name=pay0 pt=96 mtu=200`,
  "h264-b-frames": `${picture} ! x264enc speed-preset=veryfast bframes=2 b-adapt=false rc-lookahead=5 key-int-max=8 ! rtph264pay name=pay0 pt=96`,
  h265: `${picture} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=8 ! rtph265pay name=pay0 pt=96 mtu=300`,
  "h265-aggregated": `${picture} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=8 ! h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96 aggregate-mode=max`,
  mjpeg: `${picture} ! jpegenc quality=60 ! rtpjpegpay name=pay0 pt=26`,
  pcmu: `${h264} ${sound(8000)} ! mulawenc ! rtppcmupay name=pay1 pt=0`,
  pcma: `${h264} ${sound(8000)} ! alawenc ! rtppcmapay name=pay1 pt=8`,
  aac: `${h264} ${sound(48_000)} ! voaacenc ! aacparse ! rtpmp4gpay name=pay1 pt=97`,
  opus: `${h264} ${sound(48_000)} ! opusenc ! rtpopuspay name=pay1 pt=97`,
  latm: `${h264} ${sound(48_000)} ! voaacenc ! aacparse ! rtpmp4apay name=pay1 pt=97`
} as const

type Mount = keyof typeof mounts

const startServer = (options: Partial<GStreamerRtspServerOptions> = {}, ...only: ReadonlyArray<Mount>) =>
  startGStreamerRtspServer({ mounts: only.map((mount) => ({ path: `/${mount}`, pipeline: mounts[mount] })), ...options })

interface Watched {
  readonly opened: OpenSource
  readonly units: ReadonlyArray<AccessUnit>
}

/** Opens the source and waits until enough has come. */
const watch = (
  server: GStreamerRtspServer,
  mount: Mount,
  options: Parameters<typeof sourceConfig>[1],
  enough: (units: ReadonlyArray<AccessUnit>) => boolean
): Effect.Effect<Watched, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const units: Array<AccessUnit> = []
    const opened = yield* rtspSource.open(sourceConfig(server.url(`/${mount}`), options), (unit) => void units.push(unit))
    const waited = Effect.repeat(
      Effect.delay(
        Effect.sync(() => enough(units)),
        50
      ),
      { until: (done) => done }
    )
    yield* Effect.raceFirst(waited, opened.ended).pipe(Effect.timeout("90 seconds"))
    return { opened, units }
  })

const videoOf = (units: ReadonlyArray<AccessUnit>) => units.filter(({ kind }) => kind === "video")
const audioOf = (units: ReadonlyArray<AccessUnit>) => units.filter(({ kind }) => kind === "audio")
const enoughVideo = (units: ReadonlyArray<AccessUnit>) => videoOf(units).length >= 17

/** Pictures that ffmpeg decodes of an elementary stream, and what it complains about. */
const decode = (format: string, units: ReadonlyArray<AccessUnit>): number => {
  const startCode = format === "mjpeg" ? [] : [Buffer.from([0, 0, 0, 1])]
  const stream = Buffer.concat(units.flatMap((unit) => unit.units.flatMap((part) => [...startCode, part])))
  const decoded = execFileSync(
    "ffmpeg",
    [
      "-v",
      "error",
      "-xerror",
      "-f",
      format,
      "-i",
      "-",
      "-f",
      "rawvideo",
      "-pix_fmt",
      "gray",
      "-vf",
      "scale=16:12",
      "-vsync",
      "passthrough",
      "-"
    ],
    { input: stream, maxBuffer: 64 * 1024 * 1024 }
  )
  return decoded.length / (16 * 12)
}

describe("GStreamer's RTSP server sends", { concurrent: true }, () => {
  const video: ReadonlyArray<readonly [Mount, RtspTransport, "h264" | "h265" | "mjpeg"]> = [
    ["h264", "tcp", "h264"],
    ["h264", "udp", "h264"],
    ["h264-aggregated", "tcp", "h264"],
    ["h264-small-packets", "udp", "h264"],
    ["h264-b-frames", "tcp", "h264"],
    ["h265", "tcp", "h265"],
    ["h265", "udp", "h265"],
    ["h265-aggregated", "tcp", "h265"],
    ["mjpeg", "tcp", "mjpeg"],
    ["mjpeg", "udp", "mjpeg"]
  ]
  it.scopedLive.each([...video])(
    "video: %s",
    ([mount, transport, codec]) =>
      Effect.gen(function* () {
        const server = yield* startServer({}, mount)
        const { opened, units } = yield* watch(server, mount, { transport }, enoughVideo)
        const { description } = opened
        expect(description.protocol).toBe(`RTSP/${transport.toUpperCase()}`)
        expect(description.server).toContain("GStreamer")
        expect(description.tracks).toHaveLength(1)
        expect(description.tracks[0]).toMatchObject({ kind: "video", codec, width: 320, height: 240 })
        const first = units.findIndex(({ keyframe }) => keyframe)
        const whole = units.slice(first)
        expect(whole.every(({ damaged }) => !damaged)).toBe(true)
        expect(decode(codec === "h265" ? "hevc" : codec, whole)).toBe(whole.length)
        if (codec === "mjpeg") expect(jpegSize(whole[0]?.units[0] ?? new Uint8Array())).toEqual({ width: 320, height: 240 })
        const times = whole.map(({ mediaTime }) => mediaTime).sort((a, b) => a - b)
        const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
        for (const step of steps) expect(Math.abs(step - 1_000_000 / 15)).toBeLessThan(2000)
        const statistics = opened.statistics()
        expect(statistics.packetsLost).toBe(0)
        expect(statistics.accessUnits).toBe(units.length)
        expect(statistics.keyframes).toBe(units.filter(({ keyframe }) => keyframe).length)
      }),
    120_000
  )

  it.scopedLive.each([
    ["pcmu", { codec: "pcmu", sampleRate: 8000, channels: 1 }, 8000],
    ["pcma", { codec: "pcma", sampleRate: 8000, channels: 1 }, 8000],
    ["aac", { codec: "aac", sampleRate: 48_000, channels: 1 }, 48_000],
    ["opus", { codec: "opus", sampleRate: 48_000, channels: 1 }, 48_000]
  ] as const)(
    "audio: %s",
    ([mount, track, rate]) =>
      Effect.gen(function* () {
        const server = yield* startServer({}, mount)
        const { opened, units } = yield* watch(
          server,
          mount,
          { transport: "tcp" },
          (all) => enoughVideo(all) && audioOf(all).length >= 20
        )
        expect(opened.description.tracks[1]).toMatchObject({ kind: "audio", ...track })
        const frames = audioOf(units)
        expect(frames.every((frame) => frame.track === 1 && frame.units.length === 1 && frame.keyframe && !frame.damaged)).toBe(
          true
        )
        const samplesOf = (frame: AccessUnit) => (mount === "aac" ? 1024 : mount === "opus" ? 960 : (frame.units[0]?.length ?? 0))
        frames.slice(1).forEach((frame, index) => {
          const before = frames[index]
          if (before === undefined) return
          const expected = (samplesOf(before) / rate) * 1_000_000
          // Sender reports may move audio against video by a tenth of the time that passes.
          expect(Math.abs(frame.mediaTime - before.mediaTime - expected)).toBeLessThan(expected * 0.11 + 1)
        })
      }),
    120_000
  )

  it.scopedLive(
    "audio that is not supported, and the video all the same",
    () =>
      Effect.gen(function* () {
        const server = yield* startServer({}, "latm")
        const { opened, units } = yield* watch(server, "latm", { transport: "tcp" }, enoughVideo)
        expect(opened.description.tracks[1]).toMatchObject({ kind: "audio", codec: "other" })
        expect(audioOf(units)).toEqual([])
      }),
    120_000
  )

  it.scopedLive(
    "UDP only, and gets it with transport auto",
    () =>
      Effect.gen(function* () {
        const server = yield* startServer({ protocols: "udp" }, "h264")
        const { opened } = yield* watch(server, "h264", { transport: "auto" }, enoughVideo)
        expect(opened.description.protocol).toBe("RTSP/UDP")
        const refused = yield* Effect.flip(rtspSource.open(sourceConfig(server.url("/h264"), { transport: "tcp" }), () => {}))
        expect(refused.reason).toBe("unsupported")
      }),
    120_000
  )

  it.scopedLive(
    "sender reports, which give each unit UTC",
    () =>
      Effect.gen(function* () {
        const server = yield* startServer({}, "pcmu")
        const reported = (units: ReadonlyArray<AccessUnit>) =>
          audioOf(units).some(({ wallClockOrigin }) => wallClockOrigin === "sender-report") &&
          videoOf(units).some(({ wallClockOrigin }) => wallClockOrigin === "sender-report")
        const { units } = yield* watch(server, "pcmu", { transport: "tcp" }, reported)
        expect(units[0]?.wallClockOrigin).toBe("receive")
        const last = videoOf(units).at(-1)
        // Server and client run on one machine's clock: what differs is latency.
        expect(Math.abs((last?.wallTime ?? 0) - Date.now())).toBeLessThan(3000)
      }),
    120_000
  )

  it.scopedLive.each(["basic", "digest"] as const)(
    "only to those who prove who they are: %s",
    (method) =>
      Effect.gen(function* () {
        const server = yield* startServer({ authentication: { method, username: "viewer", password: "pa ss:w@rd" } }, "h264")
        const credentials = (password: string) => ({ username: "viewer", password: Redacted.make(password) })
        const { units } = yield* watch(server, "h264", { transport: "tcp", credentials: credentials("pa ss:w@rd") }, enoughVideo)
        expect(units.length).toBeGreaterThan(0)
        const config = sourceConfig(server.url("/h264"), { credentials: credentials("wrong") })
        expect((yield* Effect.flip(rtspSource.open(config, () => {}))).reason).toBe("unauthorized")
        expect((yield* Effect.flip(rtspSource.open(sourceConfig(server.url("/h264")), () => {}))).detail).toContain(
          "asks for a user name"
        )
      }),
    120_000
  )

  it.scopedLive(
    "nothing at an address that it does not have",
    () =>
      Effect.gen(function* () {
        const server = yield* startServer({}, "h264")
        const error = yield* Effect.flip(rtspSource.open(sourceConfig(server.url("/nothing")), () => {}))
        expect(error).toMatchObject({ reason: "not-found", status: 404 })
      }),
    120_000
  )
})
