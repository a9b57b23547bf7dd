import { readFileSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import * as Http from "node:http"
import * as Https from "node:https"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { selfSignedCertificate } from "@vigil/fixtures/camera/Certificate"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Exit, Redacted, Scope } from "effect"
import { argumentsOf, eventually, firstLine, type Running, runningVigil, temporaryFolder, vigil, vigilJson } from "./Vigil.js"

const cameraPassword = "geheim-geheim-1"

interface CameraStatus {
  readonly state: { readonly _tag: string; readonly failure?: { readonly reason: string; readonly detail: string } }
  readonly description?: { readonly protocol: string }
  readonly source: { readonly accessUnits: number; readonly damagedAccessUnits: number }
  readonly pipeline: { readonly framesDecoded: number; readonly latencyP95?: number }
}

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

const get = (url: string, options: Https.RequestOptions) =>
  new Promise<Answer>((resolve, reject) => {
    const { get: ask } = url.startsWith("https:") ? Https : Http
    ask(url, options, (response) => {
      let body = ""
      response.setEncoding("latin1").on("data", (text: string) => {
        body += text
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"], body }))
    }).on("error", reject)
  })

/** A server that can be stopped and started again at the same address. */
const startSite = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const data = join(folder, "data")
    const environment = { VIGIL_DATA: data, ...variables }
    let port = "0"
    let scope: Scope.CloseableScope | undefined
    let server: Running | undefined
    const stop = Effect.suspend(() => (scope === undefined ? Effect.void : Scope.close(scope, Exit.void)))
    const start = Effect.gen(function* () {
      scope = yield* Scope.make()
      server = yield* Scope.extend(runningVigil(["up", "--json"], { ...environment, VIGIL_PORT: port }), scope)
      const { url } = (yield* firstLine(server)) as { readonly url: string }
      port = new URL(url).port
      return url
    })
    yield* Effect.addFinalizer(() => stop)
    const url = yield* start
    const ask = (path: string) =>
      Effect.promise(async () => {
        const { certificate: ca, token, url: own } = JSON.parse(await readFile(join(data, "operator.json"), "utf8"))
        return await get(`${own}${path}`, { ca, agent: false, headers: { authorization: `Bearer ${token}` } })
      })
    const statusOf = (id: string) =>
      Effect.map(ask(`/api/v1/cameras/${id}/status`), ({ body, status }): CameraStatus | undefined =>
        status === 200 ? JSON.parse(body) : undefined
      )
    return {
      folder,
      url,
      start,
      stop,
      ask,
      statusOf,
      pid: () => server?.process.pid ?? 0,
      log: () => server?.printed().stderr ?? "",
      call: (...args: ReadonlyArray<string>) => vigil(args, environment),
      /** A camera that waits for its publisher, and a file with the token that lets it in. */
      published: (name: string) =>
        Effect.gen(function* () {
          const { id } = (yield* vigilJson(["camera", "add", name, "whip:"], environment)) as { readonly id: string }
          const { token } = (yield* vigilJson(["camera", "token", name], environment)) as { readonly token: string }
          const tokenFile = join(folder, `${name}.token`)
          yield* Effect.promise(() => writeFile(tokenFile, `${token}\n`, { mode: 0o600 }))
          return { id, token, tokenFile }
        })
    }
  })

type Site = Effect.Effect.Success<ReturnType<typeof startSite>>

/** Waits until the camera's status is as wanted. */
const untilStatus = (site: Site, id: string, what: string, holds: (status: CameraStatus) => boolean) =>
  Effect.gen(function* () {
    const end = performance.now() + 60_000
    for (;;) {
      const status = yield* site.statusOf(id)
      if (status !== undefined && holds(status)) return status
      if (performance.now() > end) return yield* Effect.die(new Error(`${what}: never; ${JSON.stringify(status)}\n${site.log()}`))
      yield* Effect.sleep("100 millis")
    }
  })

const simulated = Effect.gen(function* () {
  const { video } = yield* sceneFile(street)
  return yield* spawnCameras({
    files: [video],
    count: 2,
    authentication: { username: "user", password: Redacted.make(cameraPassword), scheme: "digest" }
  })
})

const states = (agent: Running): ReadonlyArray<{ readonly cameraId: string; readonly state: Record<string, unknown> }> =>
  agent
    .printed()
    .stdout.split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line))

const untilState = (agent: Running, what: string, holds: (state: Record<string, unknown>) => boolean) =>
  eventually(`${what}: ${agent.printed().stderr}`, () => states(agent).findLast(({ state }) => holds(state))?.state)

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
        process.kill(site.pid(), "SIGSTOP")
        yield* untilState(second, "noticed", ({ _tag }) => _tag === "Retrying").pipe(
          Effect.ensuring(Effect.sync(() => process.kill(site.pid(), "SIGCONT")))
        )
        yield* untilStatus(site, id, "streams after it stood still", isStreaming)

        // The server is started anew.
        yield* site.stop
        yield* untilState(second, "noticed", ({ _tag, party }) => _tag === "Retrying" && party === "server")
        yield* site.start
        yield* untilStatus(
          site,
          id,
          "streams from the new server",
          (status) => isStreaming(status) && status.source.accessUnits > 10
        )

        // The token is replaced, in the file too.
        yield* site.call("camera", "token", "Far", "--revoke")
        yield* untilState(second, "sent away", ({ _tag, reason }) => _tag === "Retrying" && reason === "unauthorized")
        second.process.kill("SIGTERM")
        expect((yield* Effect.promise(() => second.ended)).code).toBe(0)
      }),
    180_000
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
        const refused = yield* untilState(mistrusting, "refused", ({ _tag }) => _tag === "Retrying")
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
          if (left.state.failure !== undefined) expect(left.state.failure.detail).toMatch(/ended its publication|publishes/)
        }
      }),
    120_000
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
    60_000
  )
})
