import { describe, expect, it } from "@effect/vitest"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { startGStreamerRtspServer } from "@vigil/fixtures/peer/GStreamerRtspServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder, vigil, vigilJson } from "./Vigil.js"

const hasGStreamer = (() => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import gi; gi.require_version('GstRtspServer', '1.0')"], { stdio: "ignore" })
    return true
  } catch {
    // Then the test says that it is skipped, and why.
    return false
  }
})()

const picture = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=15/1"
const mounts = (["h264", "h265"] as const).map((codec) => ({
  path: `/${codec}`,
  pipeline: `${picture} ! x${codec.slice(1)}enc tune=zerolatency speed-preset=ultrafast key-int-max=8 ! rtp${codec}pay name=pay0 pt=96`
}))

describe("vigil probe", () => {
  it.scoped(
    "tells what a camera sends, to those who know its password",
    () =>
      Effect.gen(function* () {
        const { video } = yield* sceneFile(street)
        const authentication = { username: "user", password: Redacted.make("geheim"), scheme: "digest" } as const
        const { urls } = yield* spawnCameras({ files: [video], authentication })
        const [url = ""] = urls
        const file = join(yield* temporaryFolder, "password")
        yield* Effect.promise(() => writeFile(file, "geheim\n"))
        const call = ["probe", url, "--seconds", "1", "--username", "user", "--password-file", file]
        expect(yield* vigilJson(call)).toMatchObject({
          url,
          description: { protocol: "RTSP/TCP", tracks: [{ codec: "h264", width: 640, height: 480 }] }
        })
        const text = yield* vigil(call)
        expect(text.stdout.toString()).toMatch(/video {2}h264 .*640x480, 15\.0 frames\/s[^]*0 of \d+ packets lost/)
        const stranger = yield* vigil(["probe", url])
        expect(stranger.code).toBe(1)
        expect(stranger.stderr).toMatch(/^vigil: rtsp:.*user name and password.*\n$/)
        expect(yield* vigil(["probe", "rtsp://127.0.0.1:1/"])).toMatchObject({ code: 1 })
        expect(yield* vigil(["probe", url, "--insecure", "--fingerprint", "00"])).toMatchObject({ code: 2 })
      }),
    400_000
  )

  it.scoped(
    `understands GStreamer's RTSP server${hasGStreamer ? "" : " [needs GStreamer's RTSP server]"}`,
    ({ skip }) =>
      Effect.gen(function* () {
        skip(!hasGStreamer, "GStreamer's RTSP server is absent")
        const server = yield* startGStreamerRtspServer({ mounts })
        for (const codec of ["h264", "h265"] as const) {
          const report = yield* vigilJson(["probe", server.url(`/${codec}`), "--seconds", "2"])
          expect(report).toMatchObject({
            description: { tracks: [{ kind: "video", codec, width: 320, height: 240 }] },
            statistics: { packetsLost: 0 }
          })
          expect(report).toHaveProperty("firstKeyframeAfter")
        }
      }),
    400_000
  )
})
