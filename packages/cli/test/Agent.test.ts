import { readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { selfSignedCertificate } from "@vigil/fixtures/camera/Certificate"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Fiber, Redacted, Schema } from "effect"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { type AgentState, AgentStatus } from "@vigil/runtime/whip/AgentStatus"
import { startSite, untilStatus } from "./PublishedSite.js"
import { argumentsOf, eventually, type Running, runningVigil, temporaryFolder, vigil } from "./Vigil.js"

const cameraPassword = "geheim-geheim-1"

const simulated = Effect.gen(function* () {
  const { video } = yield* sceneFile(street)
  return yield* spawnCameras({
    files: [video],
    count: 2,
    authentication: { username: "user", password: Redacted.make(cameraPassword), scheme: "digest" }
  })
})

const readStatus = Schema.decodeSync(Schema.parseJson(AgentStatus))

const states = (agent: Running): ReadonlyArray<AgentState> =>
  agent
    .printed()
    .stdout.split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => readStatus(line).state)

/** Waits for a state as wanted, from now on. */
const untilState = (agent: Running, what: string, holds: (state: AgentState) => boolean) =>
  Effect.suspend(() => {
    const known = states(agent).length
    return eventually(what, () => states(agent).slice(known).find(holds))
  })

const isStreaming = ({ state }: CameraStatus) => state._tag === "Streaming"

describe("vigil agent", () => {
  it.scopedLive(
    "publishes a camera that the server cannot reach, through every loss of either",
    () =>
      Effect.gen(function* () {
        const site = yield* startSite()
        const { urls } = yield* simulated
        const { id, token, tokenFile } = yield* site.published("Far")
        const passwordFile = join(site.folder, "camera-password")
        yield* Effect.promise(() => writeFile(passwordFile, `${cameraPassword}\n`))
        const words = ["agent", "--json", "--server", site.url, "--camera", id, "--token-file", tokenFile]
        const call = [...words, urls[0] ?? "", "--username", "user", "--password-file", passwordFile]
        const agent = yield* runningVigil(call)

        // Pictures come, are decoded, and their times make sense: they were seen before they were analysed.
        const streaming = yield* untilStatus(site, id, "decoded", ({ pipeline }) => pipeline.framesDecoded > 30)
        expect(streaming.description?.protocol).toBe("WHIP")
        const snapshot = yield* site.ask(`/api/v1/cameras/${id}/snapshot`)
        expect(snapshot.type).toBe("image/jpeg")
        expect(argumentsOf(agent.process.pid ?? 0)).not.toMatch(new RegExp(`${token}|${cameraPassword}`))
        expect(agent.printed().stdout + agent.printed().stderr + site.log()).not.toMatch(new RegExp(`${token}|${cameraPassword}`))

        // The agent is killed and started again.
        agent.process.kill("SIGKILL")
        yield* untilStatus(site, id, "noticed", (status) => !isStreaming(status))
        const second = yield* runningVigil(call)
        yield* untilStatus(site, id, "streams again", isStreaming)

        // The server stands still for longer than the agent waits.
        yield* Effect.sync(() => process.kill(site.pid(), "SIGSTOP"))
        yield* untilState(second, "noticed", (state) => state._tag === "Retrying").pipe(
          Effect.ensuring(Effect.sync(() => process.kill(site.pid(), "SIGCONT")))
        )
        yield* untilStatus(site, id, "streams after it stood still", isStreaming)

        // The server is started anew.
        const noticed = yield* Effect.fork(
          untilState(second, "noticed", (state) => state._tag === "Retrying" && state.party === "server")
        )
        yield* site.stop
        yield* Fiber.join(noticed)
        yield* site.start
        yield* untilStatus(
          site,
          id,
          "streams from the new server",
          (status) => isStreaming(status) && status.source.accessUnits > 10
        )

        // The token is taken back.
        const sentAway = yield* Effect.fork(
          untilState(second, "sent away", (state) => state._tag === "Retrying" && state.reason === "unauthorized")
        )
        yield* site.call("camera", "token", "Far", "--revoke")
        yield* Fiber.join(sentAway)
        second.process.kill("SIGTERM")
        expect((yield* Effect.promise(() => second.ended)).code).toBe(0)
      }),
    400_000
  )

  it.scopedLive(
    "takes leave when it is ended, and publishes several cameras of a file over TLS to a server that it trusts",
    () =>
      Effect.gen(function* () {
        const keys = yield* temporaryFolder
        const { cert, key } = selfSignedCertificate()
        const files = { cert: join(keys, "cert.pem"), key: join(keys, "key.pem") }
        yield* Effect.promise(() => Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]))
        const site = yield* startSite({ VIGIL_TLS_CERT: files.cert, VIGIL_TLS_KEY: files.key })
        const { urls } = yield* simulated
        const cameras = [yield* site.published("One"), yield* site.published("Two")]
        yield* Effect.promise(() => writeFile(join(site.folder, "camera-password"), cameraPassword))
        const configuration = (serverCa?: string) => ({
          server: site.url,
          ...(serverCa === undefined ? {} : { serverCa }),
          cameras: cameras.map(({ id }, index) => ({
            camera: id,
            tokenFile: index === 0 ? "One.token" : "Two.token",
            url: urls[index],
            username: "user",
            passwordFile: "camera-password"
          }))
        })
        const file = join(site.folder, "agent.json")
        const write = (value: unknown) => Effect.promise(() => writeFile(file, JSON.stringify(value)))

        yield* write(configuration())
        const mistrusting = yield* runningVigil(["agent", "--config", file, "--json"])
        const refused = yield* eventually("refused", () => states(mistrusting).find(({ _tag }) => _tag === "Retrying"))
        expect(refused).toMatchObject({ party: "server", reason: "tls", detail: expect.stringContaining("not trusted") })
        mistrusting.process.kill("SIGTERM")

        yield* write(configuration(files.cert))
        const agent = yield* runningVigil(["agent", "--config", file])
        for (const { id } of cameras) yield* untilStatus(site, id, "streams", isStreaming)
        expect(agent.printed().stdout).toMatch(/publishing: .* packets/)
        agent.process.kill("SIGTERM")
        expect((yield* Effect.promise(() => agent.ended)).code).toBe(0)
        for (const { id } of cameras) {
          const left = yield* untilStatus(site, id, "left", (status) => !isStreaming(status))
          if ("failure" in left.state && left.state.failure !== undefined)
            expect(left.state.failure.detail).toMatch(/ended its publication|publishes/)
        }
      }),
    400_000
  )

  it.scopedLive(
    "refuses what would give a secret away, or makes no sense",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const tokenFile = join(folder, "token")
        yield* Effect.promise(() => writeFile(tokenFile, "x"))
        const id = "7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10"
        const url = "rtsp://192.0.2.7/stream1"
        const named = (server: string, ...rest: ReadonlyArray<string>) => ["--server", server, "--camera", id, ...rest]
        const withToken = ["--token-file", tokenFile]
        const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
          [[], /name --server, --camera/],
          [named("https://vigil.example", url), /--token-file/],
          [named("https://vigil.example", ...withToken, "rtsp://user:hidden@192.0.2.7/"), /--password-file/],
          [named("http://vigil.example", ...withToken, url), /could be read on the way/],
          [named("https://vigil.example/path?x", ...withToken, url), /by its address alone/],
          [named("https://vigil.example", ...withToken, "http://192.0.2.7/"), /speak RTSP/],
          [["--config", tokenFile], /is not JSON/],
          [["--config", tokenFile, url], /are in the file/]
        ]
        for (const [args, sentence] of wrong) {
          const { code, stderr } = yield* vigil(["agent", ...args])
          expect(stderr, args.join(" ")).toMatch(sentence)
          expect(code, args.join(" ")).toBe(2)
          expect(stderr).not.toContain("hidden")
        }
        const entry = { camera: id, tokenFile: "token", url }
        for (const [value, sentence] of [
          [{ server: "https://vigil.example", cameras: [] }, /cameras/],
          [{ server: "https://vigil.example", cameras: [entry, entry] }, /more than once/],
          [{ server: "https://vigil.example", cameras: [{ ...entry, url: "file:///etc/passwd" }] }, /speak RTSP/],
          [{ server: "https://vigil.example", cameras: [{ ...entry, camera: "one" }] }, /cameras.0.camera/]
        ] as const) {
          const file = join(folder, "agent.json")
          yield* Effect.promise(() => writeFile(file, JSON.stringify(value)))
          const { code, stderr } = yield* vigil(["agent", "--config", file])
          expect(stderr).toMatch(sentence)
          expect(code).toBe(2)
        }
        expect(readFileSync(tokenFile, "utf8")).toBe("x")
      }),
    400_000
  )
})
