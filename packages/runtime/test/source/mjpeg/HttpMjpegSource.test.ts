import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as http from "node:http"
import * as net from "node:net"
import { it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type SourceErrorReason, sourceConfig } from "@vigil/core/Source"
import { defaultHttpMjpegLimits, makeHttpMjpegSource } from "@vigil/runtime/source/mjpeg/HttpMjpegSource"
import { parseChallenges } from "@vigil/runtime/source/auth/Challenge"
import { Effect, Redacted } from "effect"
import { describe, expect } from "vitest"

const limits = {
  ...defaultHttpMjpegLimits,
  connect: 400,
  request: 400,
  open: 2000,
  stall: 600,
  parts: { headerBytes: 1000, bodyBytes: 200_000 }
}
const source = makeHttpMjpegSource(limits)

const image = execFileSync("ffmpeg", [
  ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=1", "-frames:v", "1", "-f", "mjpeg", "-"]
])

const listen = (server: net.Server) =>
  Effect.acquireRelease(
    Effect.async<string>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(
          Effect.succeed(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/video?channel=1`)
        )
      })
    }),
    () => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

const serve = (handler: http.RequestListener) => {
  const server = http.createServer(handler)
  return Effect.zipRight(
    Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections())),
    listen(server)
  )
}

/** A server that says exactly these bytes, whatever it is asked. */
const say = (...pieces: ReadonlyArray<string | Buffer>) => {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => socket.destroy())
    socket.once("data", () => {
      for (const piece of pieces) socket.write(piece)
    })
  })
  return Effect.zipRight(
    Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))),
    listen(server)
  )
}

const stream = (response: http.ServerResponse, length = true) => {
  response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=--frame", Server: "cam/1.0" })
  const timer = setInterval(() => {
    response.write(`--frame\r\nContent-Type: image/jpeg\r\n${length ? `Content-Length: ${image.length}\r\n` : ""}\r\n`)
    response.write(image)
    response.write("\r\n")
  }, 40)
  response.on("close", () => clearInterval(timer))
}

const watch = (url: string, options: Parameters<typeof sourceConfig>[1] = {}) =>
  Effect.gen(function* () {
    const units: Array<AccessUnit> = []
    const opened = yield* source.open(sourceConfig(url, options), (unit) => void units.push(unit))
    const enough = Effect.repeat(
      Effect.delay(
        Effect.sync(() => units.length >= 10),
        20
      ),
      { until: (done) => done }
    )
    yield* Effect.raceFirst(enough, opened.ended).pipe(Effect.timeout("60 seconds"))
    return { units, opened }
  })

const endOf = (url: string, options: Parameters<typeof sourceConfig>[1] = {}) =>
  Effect.scoped(source.open(sourceConfig(url, options), () => {}).pipe(Effect.flatMap(({ ended }) => ended))).pipe(
    Effect.flip,
    Effect.timeout("60 seconds")
  )

const credentials = { username: "admin", password: Redacted.make("s3cret") }

const md5 = (content: string) => createHash("md5").update(content).digest("hex")

describe("HTTP motion JPEG", () => {
  it.scopedLive.each([true, false])("comes in, with lengths: %s", (length) =>
    Effect.gen(function* () {
      const url = yield* serve((request, response) => {
        expect(request.url).toBe("/video?channel=1")
        stream(response, length)
      })
      const { opened, units } = yield* watch(url)
      expect(opened.description).toMatchObject({
        protocol: "HTTP MJPEG",
        server: "cam/1.0",
        tracks: [{ kind: "video", codec: "mjpeg", width: 160, height: 120 }]
      })
      expect(
        units.every(({ damaged, keyframe, units: parts }) => keyframe && !damaged && image.equals(parts[0] ?? new Uint8Array()))
      ).toBe(true)
      expect(units[0]?.mediaTime).toBe(0)
      expect(units.slice(1).every(({ mediaTime }, index) => mediaTime > (units[index]?.mediaTime ?? 0))).toBe(true)
      expect(opened.statistics()).toMatchObject({ accessUnits: units.length, damagedAccessUnits: 0 })
    })
  )

  it.scopedLive("comes in after Digest authentication", () =>
    Effect.gen(function* () {
      const url = yield* serve((request, response) => {
        const sent = Object.fromEntries(parseChallenges(request.headers.authorization ?? "")[0]?.parameters ?? [])
        const expected = md5(`${md5("admin:cam:s3cret")}:n1:${sent["nc"]}:${sent["cnonce"]}:auth:${md5("GET:/video?channel=1")}`)
        if (sent["response"] === expected) return stream(response)
        response.writeHead(401, { "WWW-Authenticate": ['Digest realm="cam", nonce="n1", qop="auth"', 'Basic realm="cam"'] }).end()
      })
      expect((yield* watch(url, { credentials })).units.length).toBeGreaterThanOrEqual(10)
      expect((yield* endOf(url)).detail).toContain("asks for a user name")
      expect((yield* endOf(url, { credentials: { ...credentials, password: Redacted.make("wrong") } })).reason).toBe(
        "unauthorized"
      )
    })
  )

  it.scopedLive("comes in after Basic authentication and a redirection on the same host", () =>
    Effect.gen(function* () {
      const url = yield* serve((request, response) => {
        if (request.url?.startsWith("/video") === true) return void response.writeHead(302, { Location: "/moved" }).end()
        const proof = `Basic ${Buffer.from("admin:s3cret").toString("base64")}`
        if (request.headers.authorization === proof) return stream(response)
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="cam"' }).end()
      })
      expect((yield* watch(url, { credentials })).units.length).toBeGreaterThanOrEqual(10)
    })
  )

  it.scopedLive("does not take credentials along to another host", () =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const thief = yield* serve((request, response) => {
        seen.push(request.headers.authorization)
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="give"' }).end()
      })
      const url = yield* serve(
        (_, response) => void response.writeHead(302, { Location: thief.replace("127.0.0.1", "localhost") }).end()
      )
      expect((yield* endOf(url, { credentials })).detail).toContain("asks for a user name")
      expect(seen).toEqual([undefined])
    })
  )

  const header = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=B\r\n\r\n"
  it.scopedLive.each<[string, ReadonlyArray<string | Buffer>, SourceErrorReason, RegExp]>([
    ["says nothing", [], "timeout", /GET within 400 ms/],
    ["speaks something else", ["SSH-2.0-OpenSSH\r\n"], "protocol", /not HTTP/],
    ["sends headers without end", [`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(10_000)}`], "protocol", /headers/],
    ["has no such path", ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], "not-found", /404/],
    ["is broken", ["HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"], "rejected", /500 Oops/],
    ["serves a page", ["HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"], "unsupported", /text\/html/],
    ["sends no image", [header], "stalled", /No image came/],
    ["stops after an image", [header, "--B\r\n\r\n", image, "\r\n--B\r\n"], "stalled", /No further image/],
    ["never ends an image", [header, "--B\r\n\r\n", Buffer.alloc(300_000)], "protocol", /image of more than/],
    ["never shows its boundary", [header, Buffer.alloc(100_000, "x")], "protocol", /without the boundary/],
    ["ends the stream", [header, "--B\r\n\r\n", image, "\r\n--B--\r\n"], "closed", /ended the stream/],
    [
      "redirects in circles",
      ["HTTP/1.1 302 Found\r\nLocation: /video\r\nContent-Length: 0\r\n\r\n"],
      "protocol",
      /more than 5 times/
    ],
    [
      "redirects to a file",
      ["HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"],
      "protocol",
      /another protocol/
    ]
  ])("ends with an error where the server %s", ([, pieces, reason, because]) =>
    Effect.gen(function* () {
      const url = yield* say(...pieces)
      const error = yield* endOf(url)
      expect(error.detail).toMatch(because)
      expect(error.reason).toBe(reason)
      expect(error.url).toBe(url)
    })
  )

  it.scopedLive("counts images that are none", () =>
    Effect.gen(function* () {
      const url = yield* say(
        header,
        ...[0, 1, 2].flatMap(() => ["--B\r\nContent-Length: 3\r\n\r\nabc\r\n--B\r\n\r\n", image, "\r\n"]),
        "--B\r\n"
      )
      const units: Array<AccessUnit> = []
      const opened = yield* source.open(sourceConfig(url), (unit) => void units.push(unit))
      yield* Effect.flip(opened.ended)
      expect(units).toHaveLength(3)
      expect(opened.statistics()).toMatchObject({ accessUnits: 3, damagedAccessUnits: 3 })
    })
  )
})
