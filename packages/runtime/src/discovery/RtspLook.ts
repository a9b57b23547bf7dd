import type { FoundStream } from "@vigil/core/Discovery"
import { plainText } from "@vigil/core/PlainText"
import type { Credentials, SourceError } from "@vigil/core/Source"
import { Effect } from "effect"
import { parseSdp } from "../rtp/Sdp.js"
import { openRtspConnection, type RtspConnection } from "../source/rtsp/RtspConnection.js"
import { defaultRtspLimits } from "../source/rtsp/RtspLimits.js"
import { headerOf, type RtspResponse } from "../source/rtsp/RtspMessage.js"

/** An RTSP server, and what it tells. */
export interface RtspServer {
  /** What it calls itself. */
  readonly server: string | undefined
  readonly needsCredentials: boolean
  readonly streams: ReadonlyArray<FoundStream>
  readonly detail: string | undefined
}

/** Where the makers of cameras have their main stream: Hikvision, Dahua, Axis, Reolink, Hanwha, Panasonic, Foscam, Bosch, and many without a name. */
const makersPaths = [
  "/Streaming/Channels/101",
  "/cam/realmonitor?channel=1&subtype=0",
  "/axis-media/media.amp",
  "/h264Preview_01_main",
  "/profile1/media.smp",
  "/MediaInput/h264",
  "/videoMain",
  "/rtsp_tunnel",
  "/onvif1",
  "/stream1",
  "/live",
  "/live/ch00_0",
  "/h264",
  "/video1",
  "/ch0_0.h264",
  "/live.sdp",
  "/11",
  "/1"
]

const limits = { ...defaultRtspLimits, connect: 1000, request: 3000 }
/** Milliseconds for all questions to one server. */
const patience = 15_000
/** Some servers hang up when they are asked for what they do not have. */
const mostConnections = 6

const connect = (host: string, port: number, credentials: Credentials | undefined) =>
  openRtspConnection({
    address: { host, port, url: `rtsp://${host}:${port}/` },
    credentials,
    accepted: "digest",
    limits,
    // swallowed: nothing was asked to play, so there are no frames.
    onFrame: () => {},
    knowsChannel: () => false
  })

const streamOf = (url: string, { body }: RtspResponse): FoundStream | undefined => {
  const video = parseSdp(new TextDecoder().decode(body))?.medias.find(({ kind }) => kind === "video")
  if (video === undefined) return undefined
  const codec = video.formats[0]?.encoding
  return {
    url,
    ...(codec === undefined ? {} : { codec: plainText(codec, 30) }),
    ...video.size
  }
}

const isClosed = (error: SourceError): boolean => error.reason === "closed"

/** Asks for one path after another, on a new connection where the last one was closed, until one is a stream. */
const describe = (host: string, port: number, credentials: Credentials | undefined, paths: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    let connection: RtspConnection | undefined
    let connections = 0
    for (const path of paths) {
      const url = `rtsp://${host}:${port}${path}`
      if (connection === undefined && ++connections > mostConnections) return undefined
      connection ??= yield* connect(host, port, credentials)
      const answer = yield* Effect.either(connection.request("DESCRIBE", url, { Accept: "application/sdp" }))
      if (answer._tag === "Left") {
        if (!isClosed(answer.left)) return yield* answer.left
        connection = undefined
        continue
      }
      const stream = answer.right.status === 200 ? streamOf(url, answer.right) : undefined
      if (stream !== undefined) return stream
    }
    return undefined
  })

const told = (server: string | undefined, rest: Partial<RtspServer>): RtspServer => ({
  server,
  needsCredentials: false,
  streams: [],
  detail: undefined,
  ...rest
})

const refusal = (error: SourceError, hasCredentials: boolean): Partial<RtspServer> =>
  error.reason === "unauthorized"
    ? {
        needsCredentials: true,
        detail: hasCredentials ? error.detail : "it wants a user name and password"
      }
    : { detail: error.detail }

/**
 * Whether an RTSP server answers at an address (OPTIONS, RFC 2326 10.1), and at which of these paths and those of known makers it has a
 * stream (DESCRIBE). Nothing is played. A password that is refused is not tried again: cameras lock accounts.
 */
export const lookAtRtsp = (
  host: string,
  port: number,
  credentials: Credentials | undefined,
  paths: ReadonlyArray<string>
): Effect.Effect<RtspServer | undefined> =>
  Effect.gen(function* () {
    const root = `rtsp://${host}:${port}/`
    const connection = yield* connect(host, port, undefined)
    const options = yield* Effect.either(connection.request("OPTIONS", root))
    if (options._tag === "Left" && options.left.reason !== "unauthorized") return undefined
    const server = options._tag === "Left" ? undefined : headerOf(options.right, "server")
    const name = server === undefined ? undefined : plainText(server, 200)
    const candidates = [...paths.map((path) => (path.startsWith("/") ? path : `/${path}`)), "/", ...makersPaths]
    return yield* describe(host, port, credentials, candidates).pipe(
      Effect.map((stream) =>
        told(name, stream === undefined ? { detail: "it has a stream at none of the known paths" } : { streams: [stream] })
      ),
      Effect.catchTag("SourceError", (error) => Effect.succeed(told(name, refusal(error, credentials !== undefined))))
    )
  }).pipe(
    Effect.scoped,
    Effect.timeoutTo({ duration: patience, onSuccess: (found) => found, onTimeout: () => undefined }),
    // Nobody there, or no RTSP: that is what most addresses are.
    Effect.catchTag("SourceError", () => Effect.succeed(undefined))
  )
