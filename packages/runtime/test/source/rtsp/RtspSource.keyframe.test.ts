import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type SourceConfig, sourceConfig } from "@vigil/core/Source"
import { type CamerasOptions, startCameras } from "@vigil/fixtures/camera/Cameras"
import { startGStreamerRtspServer } from "@vigil/fixtures/peer/GStreamerRtspServer"
import { rtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import { Effect } from "effect"
import { afterAll, describe, expect } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "vigil-keyframe-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Twenty seconds with a key frame every ten. */
const file = join(folder, "slow.mp4")
execFileSync("ffmpeg", [
  ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=15:duration=20"],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "150", "-y", file]
])

const watch = (url: string, options: Partial<SourceConfig> = {}) =>
  Effect.gen(function* () {
    const units: Array<AccessUnit> = []
    const opened = yield* rtspSource.open(sourceConfig(url, options), (unit) => void units.push(unit))
    const until = (condition: () => boolean) =>
      Effect.repeat(Effect.delay(Effect.sync(condition), 20), { until: (done) => done }).pipe(
        Effect.raceFirst(opened.ended),
        Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`not so with ${units.length} units`) })
      )
    return { units, opened, until }
  })

const simulated = (options: Partial<CamerasOptions>) => startCameras({ files: [file], startWithKeyframe: false, ...options })

describe("a camera that takes requests for a key frame", () => {
  it.scopedLive.each([
    { feedback: "pli", transport: "tcp" },
    { feedback: "fir", transport: "tcp" },
    { feedback: "pli", transport: "udp" }
  ] as const)("by $feedback over $transport sends one early, without a gap in time", ({ feedback, transport }) =>
    Effect.gen(function* () {
      const {
        urls: [url = ""],
        cameras: [camera]
      } = yield* simulated({ feedback })
      const { opened, units, until } = yield* watch(url, { transport })
      yield* until(() => units.length >= 20)
      expect(opened.keyframe?.method).toBe(feedback)
      const before = units.length
      opened.keyframe?.request()
      opened.keyframe?.request()
      yield* until(() => units.slice(before).some(({ keyframe }) => keyframe))
      yield* until(() => units.at(-1)?.keyframe === false)
      expect(camera?.statistics().keyframeRequests).toBe(1)
      const early = units.findIndex(({ keyframe }, index) => index >= before && keyframe)
      expect(units.slice(early).some(({ damaged }) => damaged)).toBe(false)
      const steps = units.slice(1).map(({ mediaTime }, index) => mediaTime - (units[index]?.mediaTime ?? 0))
      expect(Math.min(...steps)).toBeGreaterThan(0)
      expect(Math.max(...steps)).toBeLessThan(100_000)
    })
  )

  it.scopedLive("is asked as GStreamer understands it", () =>
    Effect.gen(function* () {
      const feedback = 'capssetter name=pay0 caps="application/x-rtp,rtcp-fb-nack-pli=(boolean)true"'
      const encoder = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=100000"
      const picture = "videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=15/1"
      const server = yield* startGStreamerRtspServer({
        feedback: true,
        mounts: [{ path: "/live", pipeline: `${picture} ! ${encoder} ! rtph264pay pt=96 ! ${feedback}` }]
      })
      const { opened, units, until } = yield* watch(server.url("/live"))
      yield* until(() => units.length >= 30)
      const before = units.length
      expect(units.filter(({ keyframe }) => keyframe).length).toBeLessThanOrEqual(1)
      opened.keyframe?.request()
      yield* until(() => units.slice(before).some(({ keyframe }) => keyframe))
    })
  )
})

describe("a camera that takes none", () => {
  it.scopedLive("is not asked", () =>
    Effect.gen(function* () {
      const {
        urls: [url = ""],
        cameras: [camera]
      } = yield* simulated({})
      const { opened, units, until } = yield* watch(url)
      yield* until(() => units.length >= 5)
      expect(opened.keyframe).toBeUndefined()
      expect(camera?.statistics().keyframeRequests).toBe(0)
    })
  )
})
