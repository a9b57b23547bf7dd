import { randomBytes } from "node:crypto"
import type { AudioTrack, MediaTrack } from "@vigil/core/MediaTrack"
import {
  type AccessUnitSink,
  type KeyframeMethod,
  type OpenSource,
  type SourceConfig,
  SourceError,
  type SourceKind
} from "@vigil/core/Source"
import { displayUrl, parseSourceUrl } from "@vigil/core/SourceUrl"
import { Effect, type Scope } from "effect"
import { now } from "../../MonotonicClock.js"
import { cameraAddress } from "../CameraSocket.js"
import { closeOnFailure } from "../CloseOnFailure.js"
import { interval } from "../Interval.js"
import { followRedirection, tooManyRedirections } from "../Redirection.js"
import { SourceMeter } from "../SourceMeter.js"
import { type Channels, makeChannels, type MediaPath, type SetupPath, setupInterleaved, setupUdp } from "./MediaPath.js"
import { fullIntraRequest, pictureLossIndication } from "../../rtp/RtcpFeedback.js"
import { writeReceiverReport } from "../../rtp/RtcpPacket.js"
import type { SessionStart } from "../../rtp/RtpClock.js"
import { RtpTrack } from "../../rtp/RtpTrack.js"
import { openRtspConnection, type RtspConnection } from "./RtspConnection.js"
import { defaultRtspLimits, type RtspLimits } from "./RtspLimits.js"
import { type Described, makeRtspSession, Redirected, type RtspSession } from "./RtspSession.js"
import { resolveControl, type SdpMedia, type SessionDescription } from "../../rtp/Sdp.js"
import { chooseFormat, type TrackFormat } from "../../rtp/TrackFormat.js"

const defaultPorts = { rtsp: 554, rtsps: 322 } as const

/** One attempt at one address. */
interface Attempt {
  readonly url: string
  readonly secure: boolean
  readonly config: SourceConfig
  readonly limits: RtspLimits
  readonly sink: AccessUnitSink
}

interface ChosenTracks {
  readonly video: TrackFormat
  readonly audio: TrackFormat | undefined
  /** Named in the description, but not received. */
  readonly otherAudio: AudioTrack | undefined
}

const firstOf = (medias: ReadonlyArray<SdpMedia>, kind: string): TrackFormat | undefined => {
  for (const media of medias) {
    const format = media.kind === kind ? chooseFormat(media) : undefined
    if (format !== undefined) return format
  }
  return undefined
}

const chooseTracks = ({ medias }: SessionDescription, url: string): ChosenTracks | SourceError => {
  const video = firstOf(medias, "video")
  if (video === undefined) {
    const offered = medias.map(({ formats, kind }) => `${kind} ${formats.map(({ encoding }) => encoding.slice(0, 32)).join("/")}`)
    const detail = `The camera offers ${offered.slice(0, 8).join(", ") || "no media"}; supported are H.264, H.265 and JPEG video`
    return new SourceError({ reason: "unsupported", url: displayUrl(url), detail })
  }
  const audio = firstOf(medias, "audio")
  const [other] = medias.filter(({ kind }) => kind === "audio").flatMap(({ formats }) => formats)
  const otherAudio: AudioTrack | undefined =
    audio === undefined && other !== undefined
      ? { kind: "audio", codec: "other", sampleRate: other.clockRate, channels: other.channels }
      : undefined
  return { video, audio, otherAudio }
}

const pathsOf = (attempt: Attempt, session: RtspSession, connection: RtspConnection, channels: Channels) => {
  const tcp = { name: "TCP", setup: setupInterleaved(session, connection, channels) }
  const udp = { name: "UDP", setup: setupUdp(session, connection, displayUrl(attempt.url)) }
  switch (attempt.config.transport) {
    case "tcp":
      return [tcp]
    case "udp":
      return attempt.secure ? [] : [udp]
    case "auto":
      return attempt.secure ? [tcp] : [tcp, udp]
  }
}

/** Tries the ways in their order; answers the first that the server supports. */
const setupVideo = (
  paths: ReadonlyArray<{ readonly name: string; readonly setup: SetupPath }>,
  attempt: Attempt,
  track: RtpTrack,
  control: string
) =>
  Effect.gen(function* () {
    for (const { name, setup } of paths) {
      const path = yield* setup(track, control)
      if (path !== undefined) return { name, setup, path }
    }
    const detail =
      paths.length === 0
        ? "UDP is not encrypted, so it is not used with rtsps: choose TCP, or rtsp"
        : `The camera does not support RTP over ${paths.map(({ name }) => name).join(" or ")}`
    return yield* new SourceError({ reason: "unsupported", url: displayUrl(attempt.url), detail })
  })

/** A camera whose audio cannot be set up is still a camera. */
const setupAudio = (setup: SetupPath, track: RtpTrack, control: string) =>
  setup(track, control).pipe(
    Effect.catchTag("SourceError", (error) => (error.status === undefined ? Effect.fail(error) : Effect.succeed(undefined)))
  )

const failWith = (connection: RtspConnection) => (error: SourceError) =>
  Effect.sync(() => connection.fail(error.reason, error.detail))

/** Ends the connection when no picture has come for too long. */
const watch = (connection: RtspConnection, video: RtpTrack, limits: RtspLimits) => {
  const since = now()
  return interval(limits.stall / 4, () => {
    const last = video.lastAccessUnit ?? since
    if (now() - last < limits.stall) return
    const what = video.lastAccessUnit === undefined ? "No picture came" : "No further picture came"
    connection.fail("stalled", `${what} within ${limits.stall} ms; the connection stands`)
  })
}

interface PlayingTrack {
  readonly track: RtpTrack
  readonly path: MediaPath
}

/** Who we are in RTCP. */
interface Receiver {
  readonly ssrc: number
  readonly name: string
}

const reportOf = ({ name, ssrc }: Receiver, track: RtpTrack): Buffer => writeReceiverReport(ssrc, track.takeReport(now()), name)

const sendReports = (receiver: Receiver, tracks: ReadonlyArray<PlayingTrack>, limits: RtspLimits) =>
  interval(limits.report, () => {
    for (const { path, track } of tracks) path.sendRtcp(reportOf(receiver, track))
  })

/** Milliseconds between two requests; those in between are answered by the one before. */
const keyframeInterval = 1000

/** Asks in the way that the camera takes, of those that its session description names. */
const keyframeRequests = (receiver: Receiver, { path, track }: PlayingTrack, method: KeyframeMethod | undefined) => {
  if (method === undefined) return undefined
  let sequence = 0
  let asked = Number.NEGATIVE_INFINITY
  const request = () => {
    const { source } = track
    const at = now()
    if (source === undefined || at - asked < keyframeInterval) return
    asked = at
    const { ssrc } = receiver
    const wish = method === "pli" ? pictureLossIndication(ssrc, source) : fullIntraRequest(ssrc, source, sequence++)
    path.sendRtcp(Buffer.concat([reportOf(receiver, track), wish]))
  }
  return { method, request }
}

const protocolName = (attempt: Attempt, transport: string): string => `${attempt.secure ? "RTSPS" : "RTSP"}/${transport}`

const play = (attempt: Attempt, described: Described, session: RtspSession, connection: RtspConnection, channels: Channels) =>
  Effect.gen(function* () {
    const { limits, url } = attempt
    const chosen = chooseTracks(described.description, url)
    if (chosen instanceof SourceError) return yield* chosen
    const meter = new SourceMeter()
    const start: SessionStart = { time: undefined }
    const trackOf = (index: number, format: TrackFormat, leader: RtpTrack | undefined) =>
      new RtpTrack({
        index,
        format,
        meter,
        start,
        leader,
        sink: attempt.sink,
        onGoodbye: () => connection.fail("closed", "The camera ended the stream (RTCP BYE)")
      })
    const controlOf = (format: TrackFormat) => resolveControl(described.base, format.control)

    const video = trackOf(0, chosen.video, undefined)
    const paths = pathsOf(attempt, session, connection, channels)
    const { name, path, setup } = yield* setupVideo(paths, attempt, video, controlOf(chosen.video))
    const aggregate = resolveControl(described.base, described.description.control)
    // swallowed: the connection's end without TEARDOWN is an end all the same.
    yield* Effect.addFinalizer(() => session.teardown(aggregate).pipe(Effect.timeout(limits.teardown), Effect.ignore))
    const playing = [{ track: video, path }]
    if (chosen.audio !== undefined) {
      const audio = trackOf(1, chosen.audio, video)
      const audioPath = yield* setupAudio(setup, audio, controlOf(chosen.audio))
      if (audioPath !== undefined) playing.push({ track: audio, path: audioPath })
    }
    yield* session.play(aggregate)

    yield* Effect.forkScoped(session.keepAlive(aggregate).pipe(Effect.catchAll(failWith(connection))))
    yield* watch(connection, video, limits)
    const receiver: Receiver = { ssrc: randomBytes(4).readUInt32BE(), name: `vigil-${randomBytes(6).toString("hex")}` }
    yield* sendReports(receiver, playing, limits)
    const keyframe = keyframeRequests(receiver, { track: video, path }, chosen.video.keyframe)
    const { otherAudio } = chosen
    const source: OpenSource = {
      get description() {
        const tracks: ReadonlyArray<MediaTrack> = playing.map(({ track }) => track.description)
        return {
          protocol: protocolName(attempt, name),
          ...(described.server === undefined ? {} : { server: described.server }),
          tracks: otherAudio === undefined ? tracks : [...tracks, otherAudio]
        }
      },
      statistics: () => meter.read(now(), video.jitter),
      ...(keyframe === undefined ? {} : { keyframe }),
      ended: connection.ended
    }
    return source
  })

const openAt = (attempt: Attempt, credentials: SourceConfig["credentials"]) =>
  Effect.gen(function* () {
    const { config, limits, secure, url } = attempt
    const channels = makeChannels()
    const address = cameraAddress(
      new URL(url),
      secure ? defaultPorts.rtsps : defaultPorts.rtsp,
      secure ? config.tls : undefined,
      displayUrl(url)
    )
    const connection = yield* openRtspConnection({
      address,
      credentials,
      limits,
      onFrame: channels.onFrame,
      knowsChannel: channels.knows
    })
    const session = makeRtspSession(connection, url)
    const described = yield* session.describe
    return yield* play(attempt, described, session, connection, channels)
  })

const open = (
  config: SourceConfig,
  sink: AccessUnitSink,
  limits: RtspLimits
): Effect.Effect<OpenSource, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const address = yield* parseSourceUrl(config.url)
    let target = { ...address, credentials: config.credentials ?? address.credentials }
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      const attempt = { url: target.url, secure: target.scheme === "rtsps", config, limits, sink }
      const result = yield* closeOnFailure(openAt(attempt, target.credentials)).pipe(
        Effect.catchIf(
          (error) => error instanceof Redirected,
          (redirected) => Effect.succeed(redirected)
        )
      )
      if (!(result instanceof Redirected)) return result
      target = yield* followRedirection(target, result.location, { plain: "rtsp", secure: "rtsps" })
    }
    return yield* tooManyRedirections(config.url, limits.redirects)
  }).pipe(
    closeOnFailure,
    Effect.timeoutFail({
      duration: limits.open,
      onTimeout: () =>
        new SourceError({ reason: "timeout", url: displayUrl(config.url), detail: `Not playing within ${limits.open} ms` })
    })
  )

/** RTSP with limits of one's own. */
export const makeRtspSource = (limits: RtspLimits): SourceKind => ({
  schemes: ["rtsp", "rtsps"],
  open: (config, sink) => open(config, sink, limits)
})

/** RTSP 1.0 (RFC 2326) over TCP or TLS, media interleaved or by UDP. */
export const rtspSource: SourceKind = makeRtspSource(defaultRtspLimits)
