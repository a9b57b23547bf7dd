import { randomBytes } from "node:crypto"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { MediaTrack } from "@vigil/core/MediaTrack"
import { type AccessUnitSink, type OpenSource, type SourceConfig, SourceError, type SourceKind } from "@vigil/core/Source"
import { displayUrl } from "@vigil/core/SourceUrl"
import { type Context, Deferred, Effect, type Scope } from "effect"
import { RtcpSrPacket } from "werift"
import { now } from "../../MonotonicClock.js"
import type { SessionStart } from "../../rtp/RtpClock.js"
import { RtpTrack } from "../../rtp/RtpTrack.js"
import { closeOnFailure } from "../CloseOnFailure.js"
import { interval } from "../Interval.js"
import { SourceMeter } from "../SourceMeter.js"
import type { PublisherConnection } from "./PublisherConnection.js"
import { PublisherFeedback } from "./PublisherFeedback.js"
import type { WhipDoor } from "./WhipDoor.js"
import { defaultWhipLimits, type WhipLimits } from "./WhipLimits.js"

type Door = Context.Tag.Service<typeof WhipDoor>

/** The publisher that comes within the limit. */
const awaitPublisher = (door: Door, config: SourceConfig, limits: WhipLimits) => {
  const url = displayUrl(config.url)
  if (config.camera === undefined) {
    const detail = "Only a camera itself waits for its publisher, so there is nothing to look at beforehand: add the camera"
    return new SourceError({ reason: "unsupported", url, detail })
  }
  return door.wait(config.camera).pipe(
    Effect.timeoutFail({
      duration: limits.wait,
      onTimeout: () =>
        new SourceError({
          reason: "unreachable",
          url,
          detail: "Nobody publishes to this camera: start `vigil agent` or another WHIP client with the camera's publish token"
        })
    })
  )
}

const awaitMedia = (connection: PublisherConnection, limits: WhipLimits, lost: (detail: string) => SourceError) =>
  Effect.promise(() => connection.connected).pipe(
    Effect.raceFirst(
      Effect.flatMap(
        Effect.promise(() => connection.ended),
        (why) => Effect.fail(lost(why))
      )
    ),
    Effect.timeoutFail({
      duration: limits.connect,
      onTimeout: () =>
        new SourceError({
          reason: "timeout",
          url: displayUrl("whip:"),
          detail: `The publisher's media found no way here within ${limits.connect} ms: are the UDP ports of WebRTC open (VIGIL_WEBRTC_PORTS, VIGIL_WEBRTC_ADDRESSES)?`
        })
    })
  )

const receive = (connection: PublisherConnection, sink: AccessUnitSink, limits: WhipLimits, url: string) =>
  Effect.gen(function* () {
    const { audio: offeredAudio, otherAudio, video: offeredVideo } = connection.offer
    const meter = new SourceMeter()
    const start: SessionStart = { time: undefined }
    const lost = yield* Deferred.make<never, SourceError>()
    const fail = (reason: SourceError["reason"], detail: string) =>
      Deferred.unsafeDone(lost, Effect.fail(new SourceError({ reason, url, detail })))

    const common = { meter, start, onGoodbye: () => fail("closed", "The publisher ended the stream"), reorder: limits.reorder }
    const videoSink = (unit: AccessUnit) => {
      if (unit.damaged) videoFeedback.askForKeyframe(unit.received)
      return sink(unit)
    }
    const video = new RtpTrack({ ...common, index: 0, format: offeredVideo.format, leader: undefined, sink: videoSink })
    const audio =
      offeredAudio === undefined
        ? undefined
        : new RtpTrack({ ...common, index: 1, format: offeredAudio.format, leader: video, sink })
    const tracks = audio === undefined ? [video] : [video, audio]

    const feedbackOptions = { ssrc: randomBytes(4).readUInt32BE(), repeat: limits.repeat, send: connection.sendRtcp }
    const videoFeedback = new PublisherFeedback(video, feedbackOptions)
    const feedbacks = tracks.map((track) => (track === video ? videoFeedback : new PublisherFeedback(track, feedbackOptions)))

    connection.listen({
      onRtp: (bytes) => {
        const received = now()
        const payloadType = (bytes[1] ?? 0) & 0x7f
        const track = payloadType === offeredVideo.format.payloadType ? video : audio
        if (track === undefined) return
        const waited = track.waiting
        track.takeDatagram(bytes, received)
        if (waited === 0 && track.waiting > 0) for (const feedback of feedbacks) feedback.askForMissing(received)
      },
      onRtcp: (packet) => {
        if (!(packet instanceof RtcpSrPacket)) return
        const bytes = packet.serialize()
        for (const track of tracks) track.takeRtcp(bytes, 0, bytes.length, now())
      }
    })
    yield* interval(limits.look, () => {
      const at = now()
      for (const track of tracks) track.expire(at)
      for (const feedback of feedbacks) feedback.askForMissing(at)
    })
    yield* interval(limits.report, () => {
      for (const feedback of feedbacks) feedback.report(now())
    })
    const since = now()
    yield* interval(limits.stall / 4, () => {
      if (now() - (video.lastAccessUnit ?? since) < limits.stall) return
      const what = video.lastAccessUnit === undefined ? "No picture came" : "No further picture came"
      fail("stalled", `${what} within ${limits.stall} ms; the publisher is connected`)
    })
    void connection.ended.then((why) => fail("closed", why))

    const source: OpenSource = {
      get description() {
        const described: ReadonlyArray<MediaTrack> = tracks.map(({ description }) => description)
        const other: ReadonlyArray<MediaTrack> =
          otherAudio === undefined ? [] : [{ kind: "audio", codec: "other", sampleRate: 8000, channels: 1 }]
        return { protocol: "WHIP", tracks: [...described, ...other] }
      },
      statistics: () => meter.read(now(), video.jitter),
      keyframe: { method: "pli", request: () => videoFeedback.askForKeyframe(now()) },
      ended: Deferred.await(lost)
    }
    return source
  })

const open = (
  door: Door,
  config: SourceConfig,
  sink: AccessUnitSink,
  limits: WhipLimits
): Effect.Effect<OpenSource, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const url = displayUrl(config.url)
    const connection = yield* awaitPublisher(door, config, limits)
    yield* awaitMedia(connection, limits, (detail) => new SourceError({ reason: "closed", url, detail }))
    return yield* receive(connection, sink, limits, url)
  }).pipe(closeOnFailure)

/** WHIP with limits of one's own. */
export const makeWhipSource = (door: Door, limits: WhipLimits): SourceKind => ({
  schemes: ["whip"],
  open: (config, sink) => open(door, config, sink, limits)
})

/** WebRTC that is pushed to us (RFC 9725): H.264 or H.265 video, and Opus or G.711 audio. Publishers come in by the door. */
export const whipSource = (door: Door): SourceKind => makeWhipSource(door, defaultWhipLimits)
