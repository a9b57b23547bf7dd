import { it } from "@effect/vitest"
import type { SourceErrorReason } from "@vigil/core/Source"
import { Effect, Redacted } from "effect"
import { describe, expect } from "vitest"
import { endOf, expectEnd, instead, limits } from "./EndOfSource.js"
import { h264Sdp, ok, type Script, startScriptedServer, answer } from "./ScriptedRtspServer.js"

const credentials = { username: "admin", password: Redacted.make("s3cret-pass") }

describe("an RTSP server that", () => {
  it.live("is not there", () =>
    Effect.gen(function* () {
      const error = yield* endOf("rtsp://127.0.0.1:9/x")
      expect(error.reason).toBe("unreachable")
      expect(error.detail).toContain("ECONNREFUSED")
    })
  )

  it.live("has a name that does not exist", () =>
    Effect.gen(function* () {
      const error = yield* endOf("rtsp://no-such-camera.invalid/x")
      expect(error.reason).toMatch(/unreachable|timeout/)
    })
  )

  it.live("accepts and never says a word", () => Effect.scoped(expectEnd(() => undefined, "timeout", /OPTIONS within 400 ms/)))

  it.live.each(["DESCRIBE", "SETUP", "PLAY"])("hangs on %s", (method) =>
    Effect.scoped(
      expectEnd(
        instead(method, () => undefined),
        "timeout",
        new RegExp(`No answer to ${method} within`)
      )
    )
  )

  it.live("drips its answer byte by byte", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request, socket) => {
          const reply = ok(request, {}, h264Sdp)
          let at = 0
          const timer = setInterval(() => socket.write(reply.charAt(at++)), 20)
          socket.on("close", () => clearInterval(timer))
          return undefined
        }),
        "timeout",
        /DESCRIBE/
      )
    )
  )

  it.live("answers each request just in time, for ever", () =>
    Effect.scoped(
      expectEnd(
        (request, socket) => {
          const next = { ...request, uri: `rtsp://127.0.0.1:${socket.localPort}/${request.connection}` }
          setTimeout(() => socket.write(ok(next, { Location: next.uri }, "", "302 Moved")), 350)
          return undefined
        },
        "timeout",
        /Not playing within 1500 ms/,
        {},
        { ...limits, request: 1200, redirects: 20 }
      )
    )
  )

  it.live("closes at once", () =>
    Effect.scoped(expectEnd((_, socket) => void socket.destroy(), "closed", /closed the connection|ECONNRESET/))
  )

  it.live("closes in the middle of an answer", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (_, socket) => {
          socket.end("RTSP/1.0 200 OK\r\nContent-Le")
          return undefined
        }),
        "closed",
        /closed/
      )
    )
  )

  it.live("sends headers without end", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", () => `RTSP/1.0 200 OK\r\n${"X-A: b\r\n".repeat(5000)}`),
        "protocol",
        /bytes of headers/
      )
    )
  )

  it.live("announces an endless body", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request) => ok(request, { "Content-Length": "4000000000" })),
        "protocol",
        /announced a body/
      )
    )
  )

  it.live("announces a longer body than it sends", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request) => `${ok(request, { "Content-Length": "5000" })}${h264Sdp}`),
        "timeout",
        /DESCRIBE/
      )
    )
  )

  it.live("announces a shorter body than it sends", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request) => `${ok(request, { "Content-Length": "20" })}${"a=x\r\n".repeat(2000)}`),
        "protocol",
        /./
      )
    )
  )

  it.live("sends garbage without end", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (_, socket) => {
          const timer = setInterval(() => socket.write(Buffer.alloc(64 * 1024, "garbage ")), 1)
          socket.on("close", () => clearInterval(timer))
          return undefined
        }),
        "protocol",
        /neither RTSP nor interleaved/
      )
    )
  )

  it.live("answers with other sequence numbers", () =>
    Effect.scoped(expectEnd((request) => answer({ ...request, cseq: String(Number(request.cseq) + 100) }), "timeout", /OPTIONS/))
  )

  it.live.each([
    ["nothing", ""],
    ["no description", "hello"],
    ["no media", "v=0\r\n"],
    ["too many lines", `m=video 0 RTP/AVP 96\r\n${"a=b\r\n".repeat(2000)}`]
  ])("describes %s", ([, body]) =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request) => ok(request, {}, body)),
        "protocol",
        /no session description/
      )
    )
  )

  it.live("offers only what cannot be received", () =>
    Effect.scoped(
      expectEnd(
        instead("DESCRIBE", (request) =>
          ok(request, {}, "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\nm=audio 0 RTP/AVP 0\r\n")
        ),
        "unsupported",
        /video MP4V-ES, audio PCMU; supported are H.264, H.265 and JPEG/
      )
    )
  )

  it.live.each<[string, SourceErrorReason]>([
    ["404 Not Found", "not-found"],
    ["403 Forbidden", "unauthorized"],
    ["454 Session Not Found", "rejected"],
    ["500 Oops", "rejected"],
    ["503 Busy", "rejected"]
  ])("answers DESCRIBE with %s", ([status, reason]) =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* startScriptedServer(instead("DESCRIBE", (request) => ok(request, {}, "", status)))
        const error = yield* endOf(server.url)
        expect(error).toMatchObject({ reason, status: Number(status.slice(0, 3)) })
        expect(error.detail).toContain(status)
      })
    )
  )

  it.live("asks for credentials that nobody gave", () =>
    Effect.scoped(
      expectEnd(
        (request) => ok(request, { "WWW-Authenticate": 'Basic realm="x"' }, "", "401 Unauthorized"),
        "unauthorized",
        /asks for a user name/
      )
    )
  )

  it.live.each(['Basic realm="x"', 'Digest realm="x", nonce="1"'])("refuses the password after %s", (challenge) =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* expectEnd(
          (request) => ok(request, { "WWW-Authenticate": challenge }, "", "401 Unauthorized"),
          "unauthorized",
          /refuses/,
          { credentials }
        )
        expect(server.requests).toHaveLength(2)
      })
    )
  )

  it.live("calls each nonce stale", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const script: Script = (request) =>
          ok(request, { "WWW-Authenticate": `Digest realm="x", nonce="${request.number}", stale=true` }, "", "401 Unauthorized")
        const server = yield* expectEnd(script, "unauthorized", /again and again/, { credentials })
        expect(server.requests.length).toBeLessThanOrEqual(3)
      })
    )
  )

  it.live("offers no authentication that is known", () =>
    Effect.scoped(
      expectEnd(
        (request) => ok(request, { "WWW-Authenticate": "Negotiate" }, "", "401 Unauthorized"),
        "unauthorized",
        /offers no authentication/,
        { credentials }
      )
    )
  )

  it.live("redirects in circles", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* expectEnd(
          instead("DESCRIBE", (request) => ok(request, { Location: request.uri }, "", "302 Found")),
          "protocol",
          /redirects more than 5 times/
        )
        expect(server.connections()).toBe(6)
      })
    )
  )

  it.live.each<[string, RegExp]>([
    ["http://127.0.0.1/x", /another protocol/],
    ["ftp://127.0.0.1/x", /ftp is not supported/]
  ])("redirects to %s", ([location, because]) =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* startScriptedServer(
          instead("DESCRIBE", (request) => ok(request, { Location: location }, "", "301 Moved"))
        )
        expect((yield* endOf(server.url)).detail).toMatch(because)
      })
    )
  )

  it.live("supports no transport at all", () =>
    Effect.scoped(
      expectEnd(
        instead("SETUP", (request) => ok(request, {}, "", "461 Unsupported Transport")),
        "unsupported",
        /does not support RTP over TCP or UDP/,
        { transport: "auto" }
      )
    )
  )

  it.live("names its session with a novel", () =>
    Effect.scoped(
      expectEnd(
        instead("SETUP", (request) => ok(request, { Session: "x".repeat(1000), Transport: request.headers["transport"] ?? "" })),
        "protocol",
        /session identifier has 1000 characters/
      )
    )
  )

  it.live("speaks TLS where plain text is expected, and the other way round", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* startScriptedServer(answer)
        const error = yield* endOf(server.url.replace("rtsp:", "rtsps:"))
        expect(error.reason).toMatch(/tls|timeout/)
      })
    )
  )
})

describe("errors", () => {
  it.live("never hold the password", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* startScriptedServer((request) =>
          ok(request, { "WWW-Authenticate": 'Digest realm="x", nonce="1"' }, "", "401 No")
        )
        const error = yield* endOf(server.url.replace("//", "//admin:s3cret-pass@"))
        expect(JSON.stringify(error) + String(error)).not.toContain("s3cret-pass")
        expect(error.url).toBe(server.url)
      })
    )
  )
})
