import * as net from "node:net"
import * as tls from "node:tls"
import { Effect, type Scope } from "effect"

export interface ScriptedRequest {
  readonly method: string
  readonly uri: string
  readonly cseq: string
  readonly headers: Readonly<Record<string, string>>
  /** Counts the requests of this connection, from 1. */
  readonly number: number
  /** Counts the server's connections, from 1. */
  readonly connection: number
}

/** What to send for a request; nothing at all when undefined. */
export type Script = (request: ScriptedRequest, socket: net.Socket) => string | Buffer | undefined

export interface ScriptedRtspServer {
  readonly port: number
  readonly url: string
  readonly requests: ReadonlyArray<ScriptedRequest>
  /** Raw bytes that clients sent. */
  readonly received: () => Buffer
  readonly connections: () => number
}

export const ok = (
  request: ScriptedRequest,
  headers: Readonly<Record<string, string>> = {},
  body = "",
  status = "200 OK"
): string =>
  [
    `RTSP/1.0 ${status}`,
    `CSeq: ${request.cseq}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    "",
    body
  ].join("\r\n")

export const h264Sdp = [
  "v=0",
  "o=- 0 0 IN IP4 127.0.0.1",
  "s=scripted",
  "t=0 0",
  "a=control:*",
  "m=video 0 RTP/AVP 96",
  "a=rtpmap:96 H264/90000",
  "a=fmtp:96 packetization-mode=1",
  "a=control:track0",
  ""
].join("\r\n")

/** What a well-behaved server answers. */
export const answer = (request: ScriptedRequest): string => {
  switch (request.method) {
    case "OPTIONS":
      return ok(request, { Public: "DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER", Server: "scripted" })
    case "DESCRIBE":
      return ok(request, { "Content-Type": "application/sdp", "Content-Base": `${request.uri}/` }, h264Sdp)
    case "SETUP":
      return ok(request, { Transport: request.headers["transport"] ?? "", Session: "s1;timeout=60" })
    default:
      return ok(request, { Session: "s1" })
  }
}

export const interleaved = (channel: number, payload: Buffer): Buffer => {
  const header = Buffer.from([0x24, channel, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([header, payload])
}

export const rtp = (
  sequence: number,
  timestamp: number,
  payload: Buffer,
  options: { readonly marker?: boolean; readonly ssrc?: number; readonly payloadType?: number } = {}
): Buffer => {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = ((options.marker ?? true) ? 0x80 : 0) | (options.payloadType ?? 96)
  header.writeUInt16BE(sequence & 0xffff, 2)
  header.writeUInt32BE(timestamp >>> 0, 4)
  header.writeUInt32BE(options.ssrc ?? 7, 8)
  return Buffer.concat([header, payload])
}

/** The first bytes of an IDR slice that begins a picture, and of another slice. */
export const idr = Buffer.from([0x65, 0x88, 0x84, 0x00])
export const inter = Buffer.from([0x41, 0x9a, 0x00, 0x01])

const readRequests =
  (script: Script, requests: Array<ScriptedRequest>, connection: number, chunks: Array<Buffer>) => (socket: net.Socket) => {
    let pending = ""
    let number = 0
    socket.on("error", () => socket.destroy())
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      pending += chunk.toString("latin1")
      for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
        const [start = "", ...lines] = pending
          .slice(pending.search(/(?:OPTIONS|DESCRIBE|SETUP|PLAY|TEARDOWN|GET_PARAMETER) /), end)
          .split("\r\n")
        pending = pending.slice(end + 4)
        const [method = "", uri = ""] = start.split(" ")
        const headers = Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()])
        )
        const request = { method, uri, headers, cseq: headers["cseq"] ?? "", number: ++number, connection }
        requests.push(request)
        const reply = script(request, socket)
        if (reply !== undefined) socket.write(reply)
      }
    })
  }

/** An RTSP server on a free port that does exactly what its script says, however wrong. */
export const startScriptedServer = (
  script: Script,
  secure?: { readonly key: string; readonly cert: string }
): Effect.Effect<ScriptedRtspServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const requests: Array<ScriptedRequest> = []
    const chunks: Array<Buffer> = []
    const sockets = new Set<net.Socket>()
    let connections = 0
    const onConnection = (socket: net.Socket) => {
      sockets.add(socket)
      connections++
      readRequests(script, requests, connections, chunks)(socket)
    }
    const server = secure === undefined ? net.createServer(onConnection) : tls.createServer(secure, onConnection)
    server.on("tlsClientError", () => {})
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return {
      port,
      url: `${secure === undefined ? "rtsp" : "rtsps"}://127.0.0.1:${port}/stream`,
      requests,
      received: () => Buffer.concat(chunks),
      connections: () => connections
    }
  })
