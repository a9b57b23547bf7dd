import { describe, expect, it } from "@effect/vitest"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { Effect, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { startSite } from "./Site.js"
import { eventually, runningVigil } from "./Vigil.js"

const password = "discover-me-s3cret"

const makeVideo = (file: string) =>
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=2"],
    ...["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "10", "-y", file]
  ])

const textsBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))

/** A server at every address of this machine that takes connections, and says nothing. */
const mutePort = Effect.acquireRelease(
  Effect.async<Server>((resume) => {
    const server = createServer((socket) => {
      // swallowed: whoever looks hangs up as he likes.
      socket.on("error", () => {})
      socket.resume()
    })
    server.listen(0, "0.0.0.0", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
    })
).pipe(
  Effect.map((server) => {
    const address = server.address()
    return address !== null && typeof address === "object" ? address.port : 0
  })
)

describe("vigil discover", () => {
  it.scopedLive(
    "finds cameras in a range, and adds them; a search ends with its command",
    () =>
      Effect.gen(function* () {
        const environment = { VIGIL_DISCOVERY_NETWORKS: "127.0.0.0/24", VIGIL_LOG_LEVEL: "debug" }
        const { call, data, file, folder, json, printed } = yield* startSite(environment)
        const video = join(folder, "video.mp4")
        makeVideo(video)
        const authentication = { username: "admin", password: Redacted.make(password), scheme: "digest" as const }
        const open = yield* startCameras({ files: [video] })
        const shut = yield* startCameras({ files: [video], authentication })
        const ports = [open, shut].map(({ urls: [url = ""] }) => new URL(url).port)
        const passwordFile = yield* file("password", `${password}\n`)
        expect(yield* call("discover", "show")).toMatchObject({ code: 1, stderr: expect.stringMatching(/no search yet/) })
        expect(yield* call("discover", "start", "192.168.0.0/24")).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/192\.168\.0\.0\/24 is not looked at.*127\.0\.0\.0-127\.0\.0\.255/)
        })
        expect(yield* call("discover", "start", "camera.example")).toMatchObject({ code: 2 })
        const search = [
          "discover",
          "start",
          "127.0.0.1",
          "--no-onvif",
          "--path",
          "cam/1",
          ...ports.flatMap((port) => ["--port", port])
        ]
        const stream = (port = "") => ({ streams: [{ url: `rtsp://127.0.0.1:${port}/cam/1`, codec: "H264" }] })
        const anonymous = yield* call(...search)
        expect(anonymous.code, anonymous.stderr).toBe(0)
        expect(anonymous.stdout.toString()).toMatch(/it wants a user name and password[\s\S]*done: 2 devices/)
        expect(yield* json(...search, "--username", "admin", "--password-file", passwordFile)).toMatchObject({
          state: "done",
          progress: { done: 2, total: 2 },
          devices: [...ports].sort((a, b) => a.localeCompare(b)).map(stream)
        })
        yield* json("place", "add", "North")
        const user = ["--username", "admin", "--password-file", passwordFile]
        const added = yield* json("discover", "add", `127.0.0.1:${ports[1]}`, "--place", "North", "--tag", "found", ...user)
        expect(added).toMatchObject([{ tags: ["found"], hasCredentials: true, placeId: expect.any(String) }])
        expect(yield* call("discover", "add", "127.0.0.1")).toMatchObject({ code: 1, stderr: expect.stringMatching(/several/) })
        expect((yield* call("discover", "add", "--all")).stdout.toString()).toMatch(/127\.0\.0\.1.* is added\.\n$/)
        expect(yield* call("discover", "add", "--all")).toMatchObject({ code: 1 })
        expect((yield* call("discover", "show")).stdout.toString()).toMatch(/added[\s\S]*added/)

        const endless = yield* runningVigil(["discover", "start", "127.0.0.0/24", "--port", String(yield* mutePort)], {
          VIGIL_DATA: data
        })
        yield* eventually("progress", () => (endless.printed().stderr.includes("tried") ? true : undefined))
        endless.process.kill("SIGINT")
        const ended = yield* Effect.promise(() => endless.ended)
        expect([ended.code, ended.stderr]).toEqual([130, expect.stringMatching(/^vigil: the search is cancelled$/m)])
        expect(yield* json("discover", "list")).toMatchObject([{ state: "cancelled" }, { state: "done" }, { state: "done" }])

        expect(existsSync(data)).toBe(true)
        expect(printed().stdout + printed().stderr).not.toContain(password)
        expect(textsBelow(data).some((text) => text.includes(password))).toBe(false)
      }),
    { timeout: 400_000 }
  )
})
