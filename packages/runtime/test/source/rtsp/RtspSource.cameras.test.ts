import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type SourceConfig, sourceConfig, type TlsTrust } from "@vigil/core/Source"
import { selfSignedCertificate } from "@vigil/fixtures/camera/Certificate"
import { type CamerasOptions, startCameras } from "@vigil/fixtures/camera/Cameras"
import { defaultRtspLimits } from "@vigil/runtime/source/rtsp/RtspLimits"
import { makeRtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import { Effect, Exit, Redacted, Scope } from "effect"
import { afterAll, describe, expect } from "vitest"
import { answer, startScriptedServer } from "./ScriptedRtspServer.js"

const folder = mkdtempSync(join(tmpdir(), "vigil-rtsp-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const clip = (size: string): string => {
  const file = join(folder, `${size}.mp4`)
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=15:duration=2`],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "veryfast",
      "-tune",
      "zerolatency",
      "-pix_fmt",
      "yuv420p",
      "-g",
      "8",
      "-b:v",
      "2M",
      "-y",
      file
    ]
  ])
  return file
}
const small = clip("320x240")
const other = clip("480x272")

const source = makeRtspSource({ ...defaultRtspLimits, connect: 2000, request: 2000, stall: 1500, report: 200 })

const start = (options: Partial<CamerasOptions> = {}) => startCameras({ files: [small], ...options })

const watch = (url: string, options: Partial<SourceConfig> = {}) =>
  Effect.gen(function* () {
    const units: Array<AccessUnit> = []
    const opened = yield* source.open(sourceConfig(url, options), (unit) => void units.push(unit))
    /** Waits for more units until what is asked for is the case. */
    const until = (condition: (units: ReadonlyArray<AccessUnit>) => boolean) =>
      Effect.repeat(
        Effect.delay(
          Effect.sync(() => condition(units)),
          20
        ),
        { until: (done) => done }
      ).pipe(
        Effect.raceFirst(opened.ended),
        Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`not so with ${units.length} units`) })
      )
    return { units, opened, until }
  })

const many = (units: ReadonlyArray<AccessUnit>) => units.length >= 10

const credentials = { username: "admin", password: Redacted.make('p"a\\ss: w@rd') }

const expectWhole = (units: ReadonlyArray<AccessUnit>) => expect(units.filter(({ damaged }) => damaged)).toEqual([])

describe("a camera behind authentication", { concurrent: true }, () => {
  it.scopedLive.each(["basic", "digest-md5", "digest-sha256", "digest"] as const)(
    "by %s lets us in, and nobody with another password",
    (scheme) =>
      Effect.gen(function* () {
        const {
          urls: [url = ""]
        } = yield* start({ authentication: { ...credentials, scheme, nonceLifetime: undefined } })
        const { units, until } = yield* watch(url, { credentials })
        yield* until(many)
        expectWhole(units)
        const refused = yield* Effect.flip(
          source.open(sourceConfig(url, { credentials: { ...credentials, password: Redacted.make("no") } }), () => {})
        )
        expect(refused).toMatchObject({ reason: "unauthorized", status: 401 })
      })
  )

  it.scopedLive("takes user and password from the URL, too", () =>
    Effect.gen(function* () {
      const {
        urls: [url = ""]
      } = yield* start({ authentication: { ...credentials, scheme: "digest", nonceLifetime: undefined } })
      const { until } = yield* watch(url.replace("//", `//admin:${encodeURIComponent(Redacted.value(credentials.password))}@`))
      yield* until(many)
    })
  )

  it.scopedLive("gets a fresh proof when its nonce has become stale", () =>
    Effect.gen(function* () {
      const {
        cameras,
        urls: [url = ""]
      } = yield* start({
        authentication: { ...credentials, scheme: "digest-sha256", nonceLifetime: 0.5 },
        sessionTimeout: 2
      })
      const { opened, until, units } = yield* watch(url, { credentials })
      yield* until((all) => (all.at(-1)?.mediaTime ?? 0) > 3_500_000)
      expectWhole(units)
      expect(cameras[0]?.statistics().connections).toBe(1)
      expect(opened.description.protocol).toBe("RTSP/TCP")
    })
  )
})

describe("a camera with a certificate of its own", { concurrent: true }, () => {
  const openWith = (url: string, tls: TlsTrust) => source.open(sourceConfig(url, { tls }), () => {})

  it.scopedLive("is trusted by its fingerprint, or not at all", () =>
    Effect.gen(function* () {
      const {
        fingerprint = "",
        urls: [url = ""]
      } = yield* start({ tls: true })
      const { opened, until } = yield* watch(url, { tls: { mode: "fingerprint", sha256: fingerprint } })
      yield* until(many)
      expect(opened.description.protocol).toBe("RTSPS/TCP")
      yield* openWith(url, { mode: "insecure" })
      const system = yield* Effect.flip(openWith(url, { mode: "system" }))
      expect(system).toMatchObject({ reason: "tls" })
      expect(system.detail).toContain("self-signed")
      const other = yield* Effect.flip(openWith(url, { mode: "fingerprint", sha256: "00".repeat(32) }))
      expect(other).toMatchObject({ reason: "tls" })
      expect(other.detail.replaceAll(":", "").toLowerCase()).toContain(fingerprint)
    })
  )

  it.scopedLive("gets not one byte before its fingerprint was checked", () =>
    Effect.gen(function* () {
      const certificate = selfSignedCertificate()
      const server = yield* startScriptedServer(answer, certificate)
      yield* openWith(server.url, { mode: "fingerprint", sha256: certificate.fingerprint.toUpperCase().replace(/..\B/g, "$&:") })
      yield* openWith(server.url, { mode: "ca", pem: certificate.cert })
      expect(server.received().length).toBeGreaterThan(0)
      const { received, url } = yield* startScriptedServer(answer, certificate)
      yield* Effect.flip(openWith(url, { mode: "fingerprint", sha256: "11".repeat(32) }))
      expect((yield* Effect.flip(openWith(url, { mode: "ca", pem: selfSignedCertificate().cert }))).reason).toBe("tls")
      expect(received()).toHaveLength(0)
    })
  )

  it.scopedLive("does not get its media unencrypted", () =>
    Effect.gen(function* () {
      const {
        urls: [url = ""]
      } = yield* start({ tls: true })
      const error = yield* Effect.flip(source.open(sourceConfig(url, { tls: { mode: "insecure" }, transport: "udp" }), () => {}))
      expect(error).toMatchObject({ reason: "unsupported" })
    })
  )
})

describe("a camera over UDP", { concurrent: true }, () => {
  it.scopedLive("comes in whole where packets overtake each other or come twice", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start()
      camera?.setFaults({ reorderPercent: 20, duplicatePercent: 20 })
      const { opened, units, until } = yield* watch(url, { transport: "udp" })
      yield* until((all) => all.length >= 40)
      expectWhole(units)
      const statistics = opened.statistics()
      expect(statistics.packetsReordered).toBeGreaterThan(0)
      expect(statistics.packetsLost).toBe(0)
    })
  )

  it.scopedLive("is damaged by loss until the next key frame, and counts and reports it", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start()
      const { opened, until } = yield* watch(url, { transport: "udp" })
      yield* until(many)
      camera?.setFaults({ lossPercent: 10 })
      yield* until((all) => all.some(({ damaged }) => damaged))
      yield* Effect.repeat(
        Effect.delay(
          Effect.sync(() => (camera?.statistics().fractionLost ?? 0) > 0),
          50
        ),
        { until: (done) => done }
      ).pipe(Effect.timeout("60 seconds"))
      expect(opened.statistics().packetsLost).toBeGreaterThan(0)
      expect(opened.statistics().damagedAccessUnits).toBeGreaterThan(0)
      camera?.setFaults({})
      yield* until((all) => all.slice(-10).every(({ damaged }) => !damaged))
    })
  )

  it.scopedLive("counts as stalled when nothing comes", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start()
      camera?.setFaults({ freeze: true })
      const { opened } = yield* watch(url, { transport: "udp" })
      expect((yield* Effect.flip(opened.ended)).reason).toBe("stalled")
    })
  )

  it.scopedLive("is used where interleaving is not supported", () =>
    Effect.gen(function* () {
      const {
        urls: [url = ""]
      } = yield* start({ transports: ["udp"] })
      const { opened, until } = yield* watch(url, { transport: "auto" })
      yield* until(many)
      expect(opened.description.protocol).toBe("RTSP/UDP")
    })
  )
})

describe("a camera's clock", { concurrent: true }, () => {
  it.scopedLive("is told by sender reports: offset and step", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start({ reportInterval: 200 })
      camera?.setFaults({ clockOffsetMs: -60_000 })
      const { units, until } = yield* watch(url)
      const offset = () => (units.at(-1)?.wallTime ?? 0) - Date.now()
      yield* until((all) => all.at(-1)?.wallClockOrigin === "sender-report")
      expect(Math.abs(offset() + 60_000)).toBeLessThan(2000)
      camera?.setFaults({ clockOffsetMs: 30_000 })
      yield* until(() => offset() > 0)
      expect(Math.abs(offset() - 30_000)).toBeLessThan(2000)
      const times = units.map(({ mediaTime }) => mediaTime)
      for (let i = 1; i < times.length; i++) expect(Math.abs((times[i] ?? 0) - (times[i - 1] ?? 0) - 66_667)).toBeLessThan(1000)
    })
  )

  it.scopedLive("is ours where it sends no reports, and it hears ours", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start()
      camera?.setFaults({ noSenderReports: true })
      const { units, until } = yield* watch(url)
      yield* until((all) => many(all) && (camera?.statistics().receptionReports ?? 0) > 1)
      expect(units.every(({ wallClockOrigin }) => wallClockOrigin === "receive")).toBe(true)
    })
  )
})

describe("a camera that", { concurrent: true }, () => {
  it.scopedLive("changes its picture size is described anew", () =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start({ alternatives: [other] })
      const { opened, until, units } = yield* watch(url)
      yield* until(many)
      expect(opened.description.tracks[0]).toMatchObject({ width: 320, height: 240, framesPerSecond: 15 })
      camera?.setFaults({ clip: 1 })
      yield* until(() => {
        const [track] = opened.description.tracks
        return track?.kind === "video" && track.width === 480
      })
      expectWhole(units)
    })
  )

  it.scopedLive("joins in the middle of a group of pictures is damaged until a key frame", () =>
    Effect.gen(function* () {
      const { urls } = yield* start({ count: 8, startWithKeyframe: false })
      const starts = yield* Effect.forEach(
        urls,
        (url) =>
          Effect.scoped(
            Effect.flatMap(watch(url), ({ units, until }) =>
              Effect.as(
                until((all) => all.some(({ keyframe }) => keyframe)),
                units
              )
            )
          ),
        { concurrency: "unbounded" }
      )
      for (const units of starts) {
        const first = units.findIndex(({ keyframe }) => keyframe)
        expect(units.map(({ damaged }) => damaged)).toEqual(units.map((_, index) => index < first))
      }
    })
  )

  it.scopedLive("redirects us is followed", () =>
    Effect.gen(function* () {
      const {
        cameras: [first],
        urls: [from = "", to = ""]
      } = yield* start({ count: 2 })
      first?.setFaults({ redirect: to })
      const { until } = yield* watch(from)
      yield* until(many)
    })
  )

  it.scopedLive("sends audio is described with it", () =>
    Effect.gen(function* () {
      const {
        urls: [url = ""]
      } = yield* start({ audio: "aac" })
      const { opened, until } = yield* watch(url)
      yield* until((all) => all.some(({ kind }) => kind === "audio") && many(all))
      expect(opened.description.tracks[1]).toMatchObject({ kind: "audio", codec: "aac" })
    })
  )

  it.scopedLive.each(["reset", "close", "bye"] as const)("is killed by %s ends at once", (how) =>
    Effect.gen(function* () {
      const {
        cameras: [camera],
        urls: [url = ""]
      } = yield* start()
      const { opened, until } = yield* watch(url)
      yield* until(many)
      camera?.kill(how)
      expect((yield* Effect.flip(opened.ended).pipe(Effect.timeout("60 seconds"))).reason).toBe("closed")
    })
  )

  it.live("we leave is told so, and keeps no session of ours", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const {
          cameras: [camera],
          urls: [url = ""]
        } = yield* start()
        const scope = yield* Scope.make()
        const { until } = yield* Scope.extend(watch(url), scope)
        yield* until(many)
        expect(camera?.statistics()).toMatchObject({ sessions: 1, connections: 1 })
        yield* Scope.close(scope, Exit.void)
        yield* Effect.repeat(
          Effect.delay(
            Effect.sync(() => camera?.statistics().sessions === 0 && camera.statistics().connections === 0),
            20
          ),
          { until: (done) => done }
        ).pipe(Effect.timeout("60 seconds"))
      })
    )
  )
})
