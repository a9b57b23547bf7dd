import { formatRequest, formatResponse, type RtspMessage } from "@vigil/runtime/source/rtsp/RtspMessage"
import { defaultParserLimits, RtspParser, RtspSyntaxError } from "@vigil/runtime/source/rtsp/RtspParser"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

type Taken =
  | { readonly frame: number; readonly payload: string }
  | { readonly message: string; readonly headers: ReadonlyArray<readonly [string, ReadonlyArray<string>]>; readonly body: string }
  | { readonly error: string }

const nameOf = (message: RtspMessage): string =>
  message._tag === "Response" ? `${message.status} ${message.reason}` : `${message.method} ${message.uri}`

/** Feeds the chunks to one parser; like a socket's, their memory is overwritten after each. */
const parse = (chunks: ReadonlyArray<Uint8Array>, limits = defaultParserLimits): ReadonlyArray<Taken> => {
  const taken: Array<Taken> = []
  const parser = new RtspParser(
    {
      onFrame: (channel, bytes, start, end) => taken.push({ frame: channel, payload: bytes.toString("hex", start, end) }),
      onMessage: (message) =>
        taken.push({ message: nameOf(message), headers: [...message.headers], body: Buffer.from(message.body).toString("hex") }),
      knowsChannel: (channel) => channel < 4
    },
    limits
  )
  const shared = Buffer.alloc(Math.max(0, ...chunks.map(({ length }) => length)))
  try {
    for (const chunk of chunks) {
      shared.set(chunk)
      parser.push(shared.subarray(0, chunk.length))
      shared.fill(0x24)
    }
  } catch (error) {
    if (!(error instanceof RtspSyntaxError)) throw error
    taken.push({ error: error.message })
  }
  return taken
}

const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const frame = (channel: number, payload: Uint8Array): Buffer => {
  const header = Buffer.from([0x24, channel, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([header, payload])
}

const text = (content: string) => Buffer.from(content, "latin1")

const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 300 }))
  .map(([channel, payload]) => frame(channel, payload))
const anyResponse = fc
  .tuple(fc.integer({ min: 100, max: 599 }), fc.integer({ min: 1, max: 999 }), fc.uint8Array({ maxLength: 400 }))
  .map(([status, cseq, body]) =>
    Buffer.concat([text(formatResponse(status, "Reason", { CSeq: String(cseq), "Content-Length": String(body.length) })), body])
  )
const anyRequest = fc
  .constantFrom("OPTIONS", "GET_PARAMETER", "ANNOUNCE")
  .map((method) => text(formatRequest(method, "rtsp://c/x", { CSeq: "1" })))
const lineEnds = fc.constantFrom("\r\n", "\n", "\r\n\r\n").map(text)
const anyValid = fc
  .array(fc.oneof(anyFrame, anyResponse, anyRequest, lineEnds), { maxLength: 12 })
  .map((parts) => Buffer.concat(parts))
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 })

const sameHoweverCut = (bytes: Uint8Array, pieces: ReadonlyArray<number>): void => {
  expect(parse(cut(bytes, pieces))).toEqual(parse([bytes]))
}

describe("RtspParser", () => {
  it("reads responses, requests and frames that follow one another", () => {
    const bytes = Buffer.concat([
      text(
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nWWW-Authenticate: Basic\r\nwww-authenticate:Digest a=b\r\nContent-Length: 3\r\n\r\nabc"
      ),
      frame(0, text("rtp")),
      text("GET_PARAMETER rtsp://c/ RTSP/1.0\nCSeq: 7\n\n"),
      frame(1, text("")),
      text("RTSP/1.0 404\r\n\r\n")
    ])
    expect(parse([bytes])).toEqual([
      {
        message: "200 OK",
        headers: [
          ["cseq", ["1"]],
          ["www-authenticate", ["Basic", "Digest a=b"]],
          ["content-length", ["3"]]
        ],
        body: text("abc").toString("hex")
      },
      { frame: 0, payload: text("rtp").toString("hex") },
      { message: "GET_PARAMETER rtsp://c/", headers: [["cseq", ["7"]]], body: "" },
      { frame: 1, payload: "" },
      { message: "404 ", headers: [], body: "" }
    ])
  })

  it("finds its way back after bytes that belong to nothing", () => {
    const bytes = Buffer.concat([
      frame(0, text("one")),
      text("v=0\r\n$\x09\x00\x01 leftovers"),
      frame(2, text("two")),
      text("RTSP/1.0 200 OK\r\n\r\n")
    ])
    expect(parse([bytes])).toEqual([
      { frame: 0, payload: text("one").toString("hex") },
      { frame: 2, payload: text("two").toString("hex") },
      { message: "200 OK", headers: [], body: "" }
    ])
  })

  it.each([
    ["endless headers", text(`RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(10_000)}`), "bytes of headers"],
    ["one endless header", text(`RTSP/1.0 200 OK\r\nX: ${"y".repeat(100_000)}`), "bytes of headers"],
    ["too many headers", text(`RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(100)}\r\n`), "more than 64 headers"],
    ["a body that is too large", text("RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"), "announced a body"],
    ["a length that is none", text("RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n"), "which is no length"],
    ["garbage", Buffer.alloc(5000, "ab"), "neither RTSP nor interleaved"],
    ["another protocol", text(`HTTP/1.1 400 Bad Request\r\n\r\n${"x".repeat(5000)}`), "neither RTSP nor interleaved"]
  ])("ends at %s", (_, bytes, because) => {
    const taken = parse([bytes]).at(-1)
    expect(taken !== undefined && "error" in taken ? taken.error : "").toContain(because)
    expect(parse(cut(bytes, [1000])).at(-1)).toEqual(taken)
  })

  it("takes the same from the same bytes, however they are cut", () => {
    fc.assert(fc.property(anyValid, sizes, sameHoweverCut), { numRuns: 500 })
  })

  it("takes the same from damaged bytes, however they are cut", () => {
    const damaged = fc
      .tuple(anyValid, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 10 }))
      .map(([bytes, changes]) => {
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
        return bytes
      })
    fc.assert(fc.property(damaged, sizes, sameHoweverCut), { numRuns: 1000 })
  })

  it("ends for random bytes, however they are cut", () => {
    const biased = fc
      .array(
        fc.oneof(
          fc.constantFrom(0x24, 0x0d, 0x0a, 0, 1, 0x20),
          fc.constantFrom(...text("RTSP/1.0 ABC:")),
          fc.integer({ min: 0, max: 255 })
        ),
        { maxLength: 600 }
      )
      .map((bytes) => Uint8Array.from(bytes))
    fc.assert(fc.property(biased, sizes, sameHoweverCut), { numRuns: 1000 })
  })

  it("stops in the middle of a chunk when it is closed", () => {
    let frames = 0
    const parser: RtspParser = new RtspParser({
      onFrame: () => {
        frames++
        parser.close()
      },
      onMessage: () => {},
      knowsChannel: () => true
    })
    parser.push(Buffer.concat([frame(0, text("a")), frame(0, text("b"))]))
    parser.push(frame(0, text("c")))
    expect(frames).toBe(1)
  })
})
