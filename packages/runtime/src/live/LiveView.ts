import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  type RTCRtpSender,
  type RTCRtpTransceiver,
  RtpHeader,
  RtpPacket
} from "werift"
import { peerConfig, type WebRtcOptions } from "../webrtc/WebRtcOptions.js"
import type { LivePicture, LiveStream } from "./LiveStream.js"

export interface LiveViewOptions extends WebRtcOptions {
  /** Milliseconds without a receiver report after which a viewer is gone. */
  readonly silence: number
}

/** One viewer's WebRTC connection. */
export interface LiveView {
  readonly answer: string
  readonly close: () => Promise<void>
}

const codec = () =>
  new RTCRtpCodecParameters({
    mimeType: "video/H264",
    clockRate: 90_000,
    rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }, { type: "goog-remb" }],
    parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
  })

/**
 * Tells a browser the least and the most delay that it may add, in 12 bits each: none, so that pictures are shown as they come instead of
 * up to a picture later (https://webrtc.googlesource.com/src/+/refs/heads/main/docs/native-code/rtp-hdrext/playout-delay).
 */
const playoutDelay = { uri: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", none: Buffer.alloc(3) }

/** The header extensions of a picture's first packet, for a viewer that understands them. */
const extensionsFor = ({
  headerExtensions
}: RTCRtpTransceiver): ReadonlyArray<{ readonly id: number; readonly payload: Buffer }> =>
  headerExtensions.filter(({ uri }) => uri === playoutDelay.uri).map(({ id }) => ({ id, payload: playoutDelay.none }))

/** Sends pictures through werift's sender, which encrypts and keeps packets for retransmission. */
const makeSender = (sender: RTCRtpSender, extensions: ReturnType<typeof extensionsFor>): ((picture: LivePicture) => void) => {
  let sequence = Math.floor(Math.random() * 0x7fff)
  return (picture) => {
    const last = picture.payloads.length - 1
    picture.payloads.forEach((payload, index) => {
      const header = new RtpHeader({ version: 2, marker: index === last, sequenceNumber: sequence, timestamp: picture.timestamp })
      if (index === 0) header.extensions = [...extensions]
      sequence = (sequence + 1) & 0xffff
      // swallowed: one viewer loses a packet and asks for it again; the connection's own state tells when it is over.
      sender.sendRtp(new RtpPacket(header, payload)).catch(() => undefined)
    })
  }
}

/**
 * Answers a viewer's offer and sends it the stream from the newest key frame on. `onClosed` is called once, when the viewer is
 * gone for whatever reason.
 */
export const openLiveView = async (
  stream: LiveStream,
  offer: string,
  options: LiveViewOptions,
  onClosed: () => void
): Promise<LiveView> => {
  const connection = new RTCPeerConnection({
    codecs: { video: [codec()] },
    headerExtensions: { video: [new RTCRtpHeaderExtensionParameters({ uri: playoutDelay.uri })] },
    ...peerConfig(options)
  })
  const releases: Array<() => void> = []
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    for (const release of releases) release()
    onClosed()
    await connection.close()
  }
  try {
    await connection.setRemoteDescription({ type: "offer", sdp: offer })
    const transceiver = connection.getTransceivers().find((candidate) => candidate.kind === "video")
    if (transceiver === undefined) throw new Error("the offer has no video to send")
    transceiver.setDirection("sendonly")
    const answer = await connection.createAnswer()
    await connection.setLocalDescription(answer)

    let heard = performance.now()
    const reports = transceiver.sender.onRtcp.subscribe(() => {
      heard = performance.now()
    })
    const states = connection.connectionStateChange.subscribe((state) => {
      if (state === "failed" || state === "closed" || state === "disconnected") void close()
    })
    releases.push(reports.unSubscribe, states.unSubscribe)
    const watchdog = setInterval(() => {
      if (performance.now() - heard > options.silence) void close()
    }, options.silence / 4)
    watchdog.unref()
    releases.push(() => clearInterval(watchdog))
    const send = makeSender(transceiver.sender, extensionsFor(transceiver))
    const join = () => {
      if (!closed) releases.push(stream.join(send))
    }
    transceiver.sender.onReady.once(() => setImmediate(join))
    return { answer: connection.localDescription?.sdp ?? answer.sdp, close }
  } catch (error) {
    await close()
    throw error
  }
}
