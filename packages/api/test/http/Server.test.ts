import { describe, expect, it, layer } from "@effect/vitest"
import { HttpLayerRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { layerHttpListener, ServerAddress } from "@vigil/api/http/HttpListener"
import { ServerConfig } from "@vigil/api/ServerConfig"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, Layer, Option, Redacted, Ref } from "effect"
import { execFileSync } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import * as Https from "node:https"
import { connect } from "node:net"
import { join } from "node:path"
import { newCamera } from "../Samples.js"
import { temporaryFolder } from "../TemporaryFolder.js"
import { FakeRuntime, jpeg } from "./FakePorts.js"
import { layerTestServer, testConfig, TestServer } from "./TestServer.js"

const script = "console.log('vigil');".repeat(200)

const webFolder = Effect.gen(function* () {
  const folder = join(yield* temporaryFolder, "web")
  yield* Effect.promise(async () => {
    await mkdir(join(folder, "assets"), { recursive: true })
    await writeFile(join(folder, "index.html"), "<!doctype html><title>Vigil</title>")
    await writeFile(join(folder, "assets", "index-abc123.js"), script)
    await writeFile(join(folder, "icon.png"), Uint8Array.of(137, 80, 78, 71))
    await writeFile(join(folder, "..", "secret.txt"), "secret")
  })
  return folder
})

const server = Layer.unwrapScoped(
  Effect.map(webFolder, (folder) =>
    layerTestServer(testConfig({ metricsToken: Option.some(Redacted.make("scrape-me")) }), folder)
  )
)

describe("the server", () => {
  layer(server, { excludeTestServices: true })((it) => {
    it.effect("serves the web app: hashed files for ever, pages for every address, nothing outside", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const page = yield* visit({ path: "/" })
        expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8")
        expect(page.headers.get("cache-control")).toBe("no-cache")
        expect((yield* visit({ path: "/cameras/1?tab=zones" })).text).toBe(page.text)
        const etag = page.headers.get("etag") ?? ""
        expect((yield* visit({ path: "/", headers: { "if-none-match": etag } })).status).toBe(304)
        const asset = yield* visit({ path: "/assets/index-abc123.js", headers: { "accept-encoding": "gzip" } })
        expect(asset.text).toBe(script)
        expect(asset.headers.get("content-encoding")).toBe("gzip")
        expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
        expect((yield* visit({ path: "/icon.png" })).headers.get("content-type")).toBe("image/png")
        for (const path of ["/..%2fsecret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "//secret.txt"]) {
          expect((yield* visit({ path })).text).not.toBe("secret")
        }
      })
    )

    it.effect("gives every answer the security headers", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        for (const path of ["/", "/api/v1/nothing", "/health"]) {
          const { headers } = yield* visit({ path })
          expect(headers.get("content-security-policy")).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
          expect(headers.get("x-content-type-options")).toBe("nosniff")
          expect(headers.get("referrer-policy")).toBe("same-origin")
          expect(headers.get("strict-transport-security")).toBeNull()
        }
        expect((yield* visit({ path: "/api/v1/session" })).headers.get("cache-control")).toBe("no-store")
      })
    )

    it.effect("documents itself, without anything from elsewhere", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const spec = yield* visit({ path: "/api/v1/openapi.json", cookie: cookies.viewer })
        expect(spec.json).toMatchObject({ openapi: expect.stringMatching(/^3\.1/), info: { title: "Vigil" } })
        expect(spec.text).not.toContain("HttpApiDecodeError")
        const docs = yield* visit({ path: "/docs", cookie: cookies.viewer })
        expect(docs.headers.get("content-type")).toMatch(/^text\/html/)
        expect(docs.headers.get("content-security-policy")).toMatch(/default-src 'none'/)
        expect(docs.text).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/)
      })
    )

    it.effect("says how it is", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { health } = yield* FakeRuntime
        const well = yield* visit({ path: "/health/ready" })
        expect(well.status).toBe(200)
        expect(well.headers.get("content-type")).toBe("application/health+json")
        expect(well.json).toEqual({ status: "pass" })
        yield* Ref.set(health, "fail")
        for (const path of ["/health", "/health/ready"]) {
          const ill = yield* visit({ path })
          expect([ill.status, ill.json]).toEqual([503, { status: "fail" }])
        }
        expect((yield* visit({ path: "/health/live" })).status).toBe(200)
        const detailed = yield* visit({ path: "/health/detailed", cookie: cookies.viewer })
        expect(detailed.status).toBe(503)
        expect(detailed.json).toMatchObject({
          status: "fail",
          checks: { runtime: [{ status: "fail" }], disk: [{ status: "pass", output: "10 GB free", time: expect.any(String) }] }
        })
        yield* Ref.set(health, "warn")
        expect((yield* visit({ path: "/health/ready" })).json).toEqual({ status: "warn" })
        yield* Ref.set(health, "pass")
      })
    )

    it.effect("shows metrics to sessions and to the holder of the token", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const scrape = (authorization: string) => visit({ path: "/metrics", headers: { authorization } })
        expect((yield* visit({ path: "/metrics", cookie: cookies.viewer })).status).toBe(200)
        expect((yield* scrape("Bearer wrong")).status).toBe(401)
        const page = yield* scrape("Bearer scrape-me")
        expect(page.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8")
        expect(page.text).toMatch(
          /\nvigil_http_request_duration_seconds_bucket\{method="GET",route="\/metrics",status="401",le="0\.005"\} /
        )
        expect(page.text).toMatch(/\nprocess_resident_memory_bytes \d+\n/)
      })
    )

    it.effect("opens and closes live views (WHEP)", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { running, views } = yield* FakeRuntime
        const camera = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        running.add(camera.id)
        const path = `/api/v1/cameras/${camera.id}/whep`
        const cookie = cookies.viewer
        const headers = { "content-type": "application/sdp" }
        const opened = yield* visit({ method: "POST", path, cookie, headers, body: "v=0\r\noffer" })
        expect(opened.status).toBe(201)
        expect(opened.headers.get("content-type")).toBe("application/sdp")
        expect(opened.text).toBe("v=0\r\nanswer")
        const location = opened.headers.get("location") ?? ""
        expect(location).toMatch(new RegExp(`^${path}/`))
        expect(views.size).toBe(1)
        expect((yield* visit({ method: "DELETE", path: location, cookie })).status).toBe(204)
        expect((yield* visit({ method: "DELETE", path: location, cookie })).status).toBe(404)
        expect(views.size).toBe(0)
        expect((yield* visit({ method: "POST", path, cookie, headers, body: "hello" })).status).toBe(400)
      })
    )

    it.effect("gives the camera's picture as JPEG", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const camera = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        ;(yield* FakeRuntime).running.add(camera.id)
        const [type, bytes] = yield* Effect.promise(async () => {
          const response = await fetch(`${url}/api/v1/cameras/${camera.id}/snapshot`, { headers: { cookie: cookies.viewer } })
          return [response.headers.get("content-type"), new Uint8Array(await response.arrayBuffer())] as const
        })
        expect(type).toBe("image/jpeg")
        expect(bytes).toEqual(jpeg)
      })
    )
  })
})

const quick = HttpLayerRouter.addAll([
  HttpLayerRouter.route("GET", "/", Effect.succeed(HttpServerResponse.text("hello"))),
  HttpLayerRouter.route("GET", "/slow", Effect.as(Effect.sleep("500 millis"), HttpServerResponse.text("done")))
])

const listening = (config: typeof ServerConfig.Service) =>
  HttpLayerRouter.serve(quick, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(layerHttpListener),
    Layer.provide(NodeHttpServer.layerContext),
    Layer.provide(Layer.succeed(ServerConfig, config))
  )

const portOf = (config: typeof ServerConfig.Service) =>
  Effect.map(Layer.build(listening(config)), (context) => Effect.provide(ServerAddress, context)).pipe(Effect.flatten)

describe("the listener", () => {
  it.scopedLive("says in words that its port is in use", () =>
    Effect.gen(function* () {
      const { port } = yield* portOf(testConfig())
      const error = yield* Effect.flip(portOf(testConfig({ port })))
      expect(error.message).toBe(`127.0.0.1:${port} is in use: stop what listens there, or set VIGIL_PORT`)
    })
  )

  it.scopedLive(
    "ends connections that send nothing or never finish their request",
    () =>
      Effect.gen(function* () {
        const { port } = yield* portOf(testConfig())
        const lasts = (text: string) =>
          Effect.async<number>((resume) => {
            const start = performance.now()
            const socket = connect(port, "127.0.0.1", () => text === "" || socket.write(text))
            socket.on("data", () => undefined)
            socket.on("error", () => undefined)
            socket.on("close", () => resume(Effect.succeed(performance.now() - start)))
          }).pipe(Effect.timeout("60 seconds"))
        const times = yield* Effect.all([lasts("GET / HTTP/1.1\r\nhost: x\r\nx-slow: "), lasts("")], { concurrency: 2 })
        for (const time of times) expect(time).toBeGreaterThan(1000)
      }),
    120_000
  )

  it.scopedLive("lets open requests come to their end when it stops, and ends idle connections", () =>
    Effect.gen(function* () {
      const answer = yield* Effect.scoped(
        Effect.gen(function* () {
          const { port } = yield* portOf(testConfig())
          const idle = connect(port, "127.0.0.1")
          idle.on("error", () => undefined)
          const started = fetch(`http://127.0.0.1:${port}/slow`)
          yield* Effect.sleep("150 millis")
          return started
        })
      )
      expect(yield* Effect.promise(async () => (await answer).text())).toBe("done")
    })
  )

  it.scopedLive("speaks TLS with the files it is given", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")]
      execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-keyout",
          key,
          "-out",
          certificate,
          "-days",
          "2",
          "-subj",
          "/CN=localhost"
        ],
        { stdio: "ignore" }
      )
      const { port, url } = yield* portOf(testConfig({ tls: Option.some({ key, certificate }) }))
      expect(url).toBe(`https://127.0.0.1:${port}`)
      const status = yield* Effect.async<number | undefined>((resume) => {
        Https.get({ port, host: "127.0.0.1", rejectUnauthorized: false }, (response) => {
          response.resume()
          resume(Effect.succeed(response.statusCode))
        })
      })
      expect(status).toBe(200)
      const missing = yield* Effect.flip(portOf(testConfig({ tls: Option.some({ key: "/none.pem", certificate }) })))
      expect(missing.message).toContain("/none.pem")
    })
  )
})
