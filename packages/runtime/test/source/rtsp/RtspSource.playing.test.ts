import { it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { endOf, expectEnd, instead, limits } from "./EndOfSource.js"
import { answer, idr, interleaved, ok, rtp, startScriptedServer } from "./ScriptedRtspServer.js"

describe("an RTSP server that plays and", () => {
  it.live("plays and sends nothing", () => Effect.scoped(expectEnd(answer, "stalled", /No picture came within 600 ms/)))

  it.live("stops sending pictures", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const units: Array<AccessUnit> = []
        const server = yield* startScriptedServer(
          instead("PLAY", (request) => Buffer.concat([Buffer.from(answer(request)), interleaved(0, rtp(1, 0, idr))]))
        )
        const error = yield* endOf(server.url, {}, units)
        expect(error.reason).toBe("stalled")
        expect(error.detail).toContain("No further picture")
        expect(units).toHaveLength(1)
      })
    )
  )

  it.live("sends packets of which no picture can be made", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request, socket) => {
          let sequence = 0
          const timer = setInterval(
            () => socket.write(interleaved(0, rtp(++sequence, sequence * 3000, Buffer.from([0x7c, 0x05, 1, 2])))),
            10
          )
          socket.on("close", () => clearInterval(timer))
          return answer(request)
        }),
        "stalled",
        /No picture/
      )
    )
  )

  it.live("breaks off while it plays", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request, socket) => {
          setTimeout(() => socket.resetAndDestroy(), 50)
          return answer(request)
        }),
        "closed",
        /ECONNRESET|closed/
      )
    )
  )

  it.live("turns to garbage while it plays", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request) => Buffer.concat([Buffer.from(answer(request)), Buffer.alloc(100_000, 0x80)])),
        "protocol",
        /neither/
      )
    )
  )

  it.live("says goodbye", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request) =>
          Buffer.concat([
            Buffer.from(answer(request)),
            interleaved(0, rtp(1, 0, idr)),
            interleaved(1, Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 7]))
          ])
        ),
        "closed",
        /BYE/
      )
    )
  )

  it.live("ends the session by a request of its own", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request) => `${answer(request)}TEARDOWN ${request.uri} RTSP/1.0\r\nCSeq: 9\r\nSession: s1\r\n\r\n`),
        "closed",
        /TEARDOWN/
      )
    )
  )

  it.live("floods us with requests and never reads the answers", () =>
    Effect.scoped(
      expectEnd(
        instead("PLAY", (request, socket) => {
          socket.pause()
          const flood = Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(2000))
          const timer = setInterval(() => socket.write(flood), 1)
          socket.on("close", () => clearInterval(timer))
          return answer(request)
        }),
        "timeout",
        /does not read/,
        {},
        { ...limits, stall: 9000 }
      )
    )
  )

  it.live("has forgotten the session", () =>
    Effect.scoped(
      expectEnd(
        (request, socket) => {
          if (request.method === "SETUP")
            return ok(request, { Transport: request.headers["transport"] ?? "", Session: "s1;timeout=2" })
          if (request.method === "GET_PARAMETER") return ok(request, {}, "", "454 Session Not Found")
          if (request.method === "PLAY") {
            let sequence = 0
            const timer = setInterval(() => socket.write(interleaved(0, rtp(++sequence, sequence * 9000, idr))), 100)
            socket.on("close", () => clearInterval(timer))
          }
          return answer(request)
        },
        "closed",
        /forgotten the session/
      )
    )
  )
})
