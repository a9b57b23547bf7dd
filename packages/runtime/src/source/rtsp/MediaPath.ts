import type { SourceError } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"
import { Effect, type Scope } from "effect"
import { now } from "../../MonotonicClock.js"
import { defaultReorderLimits } from "../../rtp/ReorderBuffer.js"
import type { RtpTrack } from "../../rtp/RtpTrack.js"
import type { RtspConnection } from "./RtspConnection.js"
import type { Redirected, RtspSession } from "./RtspSession.js"
import { openUdpPair } from "./UdpPair.js"

/** How one track's packets travel, once it is set up. */
export interface MediaPath {
  readonly sendRtcp: (payload: Uint8Array) => void
}

/** Undefined where the server does not support the way. */
export type SetupPath = (
  track: RtpTrack,
  control: string
) => Effect.Effect<MediaPath | undefined, SourceError | Redirected, Scope.Scope>

/** The channels of one connection: which track, and whether RTP or RTCP. */
export interface Channels {
  readonly onFrame: (channel: number, bytes: Buffer, start: number, end: number, received: MonotonicTime) => void
  readonly knows: (channel: number) => boolean
  readonly add: (channel: number, track: RtpTrack, rtcp: boolean) => void
  /** Two channels in a row that nobody uses. */
  readonly free: () => number
}

export const makeChannels = (): Channels => {
  const routes = new Array<{ readonly track: RtpTrack; readonly rtcp: boolean } | undefined>(256).fill(undefined)
  return {
    onFrame: (channel, bytes, start, end, received) => {
      const route = routes[channel]
      if (route === undefined) return
      if (route.rtcp) route.track.takeRtcp(bytes, start, end, received)
      else route.track.takeInterleaved(bytes, start, end, received)
    },
    knows: (channel) => routes[channel] !== undefined,
    add: (channel, track, rtcp) => {
      routes[channel] = { track, rtcp }
    },
    free: () => {
      let channel = 0
      while (channel < 254 && (routes[channel] !== undefined || routes[channel + 1] !== undefined)) channel += 2
      return channel
    }
  }
}

/** With the profile of the session description, or without feedback where the server takes it for that only. */
const setupWith = (session: RtspSession, track: RtpTrack, control: string, way: string) =>
  Effect.gen(function* () {
    const answer = yield* session.setup(control, `RTP/${track.profile}${way}`)
    return answer === undefined && track.profile !== "AVP" ? yield* session.setup(control, `RTP/AVP${way}`) : answer
  })

/** RTP and RTCP as interleaved frames of the RTSP connection (RFC 2326 10.12). */
export const setupInterleaved =
  (session: RtspSession, connection: RtspConnection, channels: Channels): SetupPath =>
  (track, control) =>
    Effect.gen(function* () {
      const wanted = channels.free()
      const answer = yield* setupWith(session, track, control, `/TCP;unicast;interleaved=${wanted}-${wanted + 1}`)
      if (answer === undefined || !(answer.tcp || answer.interleaved !== undefined)) return undefined
      const [rtp, rtcp] = answer.interleaved ?? [wanted, wanted + 1]
      channels.add(rtp, track, false)
      channels.add(rtcp, track, true)
      return { sendRtcp: (payload) => connection.sendFrame(rtcp, payload) }
    })

/** A packet of RTP version 2 without payload: opens the way back through firewalls between the camera and us. */
const opening = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** RTP and RTCP as UDP datagrams. */
export const setupUdp =
  (session: RtspSession, connection: RtspConnection, url: string): SetupPath =>
  (track, control) =>
    Effect.gen(function* () {
      let timer: NodeJS.Timeout | undefined
      const guarded =
        <A extends ReadonlyArray<unknown>>(take: (...args: A) => void) =>
        (...args: A) => {
          try {
            take(...args)
          } catch (cause) {
            connection.crash(cause)
          }
        }
      const expire = () => {
        timer = undefined
        track.expire(now())
        watchGap()
      }
      const watchGap = () => {
        if (track.waiting > 0) timer ??= setTimeout(guarded(expire), defaultReorderLimits.delay)
      }
      yield* Effect.addFinalizer(() => Effect.sync(() => clearTimeout(timer)))
      const sockets = yield* openUdpPair({
        url,
        localAddress: connection.localAddress,
        onRtp: guarded((packet: Buffer) => {
          track.takeDatagram(packet, now())
          watchGap()
        }),
        onRtcp: guarded((packet: Buffer) => track.takeRtcp(packet, 0, packet.length, now())),
        onError: (detail) => connection.fail("device", detail)
      })
      const answer = yield* setupWith(session, track, control, `;unicast;client_port=${sockets.rtpPort}-${sockets.rtpPort + 1}`)
      if (answer === undefined || answer.tcp) return undefined
      const camera = connection.remoteAddress
      sockets.accept(answer.source === undefined ? [camera] : [camera, answer.source])
      const [rtpPort, rtcpPort] = answer.serverPort ?? []
      if (rtpPort !== undefined && rtpPort > 0) sockets.sendRtp(opening, rtpPort, camera)
      return {
        sendRtcp: (payload) => {
          if (rtcpPort !== undefined && rtcpPort > 0) sockets.sendRtcp(payload, rtcpPort, camera)
        }
      }
    })
