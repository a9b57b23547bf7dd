import { Schema } from "effect"
import type { Effect, Scope } from "effect"
import type { AccessUnit } from "./AccessUnit.js"
import { CameraId } from "./Ids.js"
import type { SourceDescription } from "./MediaTrack.js"
import { PlainText, Prose } from "./PlainText.js"
import { SecretText } from "./SecretText.js"

/** How RTP travels: interleaved in the RTSP connection, as UDP datagrams, or TCP first and then UDP where the server refuses it. */
export const RtspTransport = Schema.Literal("auto", "tcp", "udp")
export type RtspTransport = typeof RtspTransport.Type

/** How far a TLS camera's certificate is trusted. Cameras mostly carry self-signed ones: pin theirs, or name a CA. */
export const TlsTrust = Schema.Union(
  Schema.Struct({ mode: Schema.Literal("system") }),
  Schema.Struct({ mode: Schema.Literal("ca"), pem: Prose(100_000) }),
  Schema.Struct({ mode: Schema.Literal("fingerprint"), sha256: Schema.String.pipe(Schema.pattern(/^([0-9A-Fa-f]{2}:?){32}$/)) }),
  Schema.Struct({ mode: Schema.Literal("insecure") })
)
export type TlsTrust = typeof TlsTrust.Type

export const Credentials = Schema.Struct({
  username: PlainText(256),
  password: SecretText(1024)
}).annotations({ message: () => "Expected a user name and a password" })
export type Credentials = typeof Credentials.Type

/** A source's protocol is told by its URL's scheme. */
export const supportedSchemes = ["rtsp", "rtsps", "http", "https", "file", "v4l2", "whip"] as const

/** One of ours, or one that begins with `x-`: those are left to programs that embed Vigil and bring sources of their own. */
export type SourceScheme = (typeof supportedSchemes)[number] | `x-${string}`

/**
 * Where a camera's pictures come from. `url` has no user information: that is in `credentials`. `http(s)` is a motion-JPEG stream;
 * `file:///path` a video file (`v4l2:///dev/video0` a USB camera); `whip:` waits for a publisher that pushes the camera's stream (RFC 9725).
 */
export const SourceConfig = Schema.Struct({
  url: Schema.String,
  /** Whose source it is; a source that waits for a publisher is found by it. */
  camera: Schema.optional(CameraId),
  credentials: Schema.optional(Credentials),
  transport: RtspTransport,
  tls: TlsTrust,
  /** Only for files: play at the pace of its time stamps, or as fast as the reader takes them. */
  pace: Schema.Literal("realtime", "as-fast-as-possible"),
  /** Only for files: start again at the end, media time going on. */
  loop: Schema.Boolean
})
export type SourceConfig = typeof SourceConfig.Type

export const sourceConfig = (url: string, options: Partial<Omit<SourceConfig, "url">> = {}): SourceConfig => ({
  url,
  transport: "auto",
  tls: { mode: "system" },
  pace: "realtime",
  loop: false,
  ...options
})

/**
 * Why a source could not be opened or stopped, in one of these kinds:
 * - `invalid-url`, `unsupported`: the configuration has to change (a codec, scheme or transport that is not supported);
 * - `unreachable`: no connection (refused, no route, no such host or file);
 * - `unauthorized`: credentials missing or refused;
 * - `not-found`: the server answers, but has no such stream;
 * - `tls`: the certificate is not trusted, or the handshake failed;
 * - `timeout`: an answer did not come within its limit;
 * - `protocol`: the server broke the protocol or a limit on sizes;
 * - `stalled`: connected, but no media for too long;
 * - `closed`: the server closed the connection;
 * - `rejected`: the server answered with another error status;
 * - `device`: the operating system or the media library reports an error.
 */
export const SourceErrorReason = Schema.Literal(
  "invalid-url",
  "unsupported",
  "unreachable",
  "unauthorized",
  "not-found",
  "tls",
  "timeout",
  "protocol",
  "stalled",
  "closed",
  "rejected",
  "device"
)
export type SourceErrorReason = typeof SourceErrorReason.Type

/** `url` never has credentials; `detail` says what happened in one sentence, with the step (DESCRIBE, packet 1234) and the limit. */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  reason: SourceErrorReason,
  url: Schema.String,
  detail: Schema.String,
  /** The server's status code, where there was one. */
  status: Schema.optional(Schema.Int)
}) {
  override get message() {
    return `${this.url}: ${this.detail}`
  }
}

/** Counted since the source was opened; rates and jitter are over about the last five seconds. */
export const SourceStatistics = Schema.Struct({
  bytes: Schema.Int,
  packets: Schema.Int,
  packetsLost: Schema.Int,
  packetsReordered: Schema.Int,
  accessUnits: Schema.Int,
  damagedAccessUnits: Schema.Int,
  keyframes: Schema.Int,
  /** Bits a second. */
  bitrate: Schema.Number,
  framesPerSecond: Schema.Number,
  /** Interarrival jitter in milliseconds (RFC 3550 6.4.1) of the video track. */
  jitter: Schema.Number
}).annotations({ identifier: "SourceStatistics" })
export type SourceStatistics = typeof SourceStatistics.Type

export const emptyStatistics: SourceStatistics = {
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  packetsReordered: 0,
  accessUnits: 0,
  damagedAccessUnits: 0,
  keyframes: 0,
  bitrate: 0,
  framesPerSecond: 0,
  jitter: 0
}

/** How a camera is asked for a key frame: by RTCP, as picture loss indication (RFC 4585 6.3.1) or full intra request (RFC 5104 4.3.1). */
export const KeyframeMethod = Schema.Literal("pli", "fir")
export type KeyframeMethod = typeof KeyframeMethod.Type

/**
 * Takes a source's access units as plain calls, in order, possibly before `open` has returned. A live source ignores what it returns; a
 * source that can wait (a file read as fast as possible) waits for the promise before it goes on.
 */
export type AccessUnitSink = (unit: AccessUnit) => void | Promise<void>

/** An open source. Closing the scope it was opened in ends it in an orderly way (RTSP: TEARDOWN) and frees everything. */
export interface OpenSource {
  /** May become more precise (size, rate) after the first access units; read it again then. */
  readonly description: SourceDescription
  readonly statistics: () => SourceStatistics
  /** Asks for a key frame, at most once a second, whoever calls how often. Absent: the camera offers no way to ask. */
  readonly keyframe?: { readonly method: KeyframeMethod; readonly request: () => void }
  /** Succeeds at the end of a finite source (a file that does not loop), fails when the source is lost; never completes otherwise. */
  readonly ended: Effect.Effect<void, SourceError>
}

/** A kind of source: one value per protocol, listed in the runtime's `Sources`, or given to `Vigil` by an embedder. */
export interface SourceKind {
  readonly schemes: ReadonlyArray<SourceScheme>
  readonly open: (config: SourceConfig, sink: AccessUnitSink) => Effect.Effect<OpenSource, SourceError, Scope.Scope>
}
