import {
  type RTCDtlsTransport,
  type RtcpPacket,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpTransceiver,
  type RtpPacket
} from "werift"
import { followPeer } from "../../webrtc/PeerLife.js"
import { peerConfig, type WebRtcOptions } from "../../webrtc/WebRtcOptions.js"
import type { ChosenMedia, PublisherOffer } from "./PublisherOffer.js"

/** Gets what a publisher sends, as plain calls. `bytes` are a whole RTP packet, in memory of its own. */
export interface PublisherListener {
  readonly onRtp: (bytes: Buffer) => void
  readonly onRtcp: (packet: RtcpPacket) => void
}

/** One publisher's WebRTC connection, from the answer to its offer on. */
export interface PublisherConnection {
  readonly offer: PublisherOffer
  readonly answer: string
  /** Resolves once media can come; never rejects. */
  readonly connected: Promise<void>
  /** Resolves once, with why it ended in a sentence. */
  readonly ended: Promise<string>
  readonly listen: (listener: PublisherListener) => void
  readonly sendRtcp: (packets: Array<RtcpPacket>) => void
  /** Ends the connection; the first reason counts. */
  readonly end: (why: string) => void
}

/** We ask for lost packets and key frames ourselves; without transport-wide feedback the publisher goes by receiver reports. */
const feedback = [{ type: "nack" }, { type: "nack", parameter: "pli" }]

/** Payload types are the offer's, and werift puts them in. */
const codecOf = (mimeType: string, clockRate: number) =>
  new RTCRtpCodecParameters({ mimeType, clockRate, rtcpFeedback: feedback })

const codecsOf = ({ audio, otherAudio, video }: PublisherOffer) => ({
  video: [codecOf(video.mimeType, video.format.clockRate)],
  audio:
    audio === undefined ? [codecOf(`audio/${otherAudio ?? "OPUS"}`, 8000)] : [codecOf(audio.mimeType, audio.format.clockRate)]
})

/** Answers with the one format that was chosen. werift's own receiver would ask for lost packets every 5 ms, whatever the way is like. */
const receive = (transceiver: RTCRtpTransceiver, chosen: ChosenMedia | undefined) => {
  if (chosen === undefined) transceiver.setDirection("inactive")
  else {
    transceiver.codecs = transceiver.codecs
      .filter(({ payloadType }) => payloadType === chosen.format.payloadType)
      .map((codec) => new RTCRtpCodecParameters({ ...codec, rtcpFeedback: transceiver.kind === "video" ? feedback : [] }))
    transceiver.setDirection("recvonly")
  }
  transceiver.receiver.stop()
}

/** The packet as it was decrypted: werift's payload is a view into it. */
const packetBytes = ({ header, payload }: RtpPacket): Buffer =>
  Buffer.from(
    payload.buffer,
    payload.byteOffset - header.payloadOffset,
    header.payloadOffset + payload.length + header.paddingSize
  )

/** Answers a publisher's offer. Rejects when it cannot be answered; nothing is left behind then. */
export const acceptPublisher = async (offer: PublisherOffer, options: WebRtcOptions): Promise<PublisherConnection> => {
  const peer = new RTCPeerConnection({ codecs: codecsOf(offer), headerExtensions: {}, ...peerConfig(options) })
  const { connected, end, ended, isOver } = followPeer(peer, {
    failed: "No way to the publisher was found, or the handshake with it failed",
    lost: "The publisher is gone: it answers no connectivity check any more"
  })
  try {
    await peer.setRemoteDescription({ type: "offer", sdp: offer.sdp })
    for (const transceiver of peer.getTransceivers()) {
      receive(transceiver, transceiver.kind === "video" ? offer.video : offer.audio)
    }
    await peer.setLocalDescription(await peer.createAnswer())
    const answer = peer.localDescription?.sdp
    const transports = new Set<RTCDtlsTransport>(peer.getTransceivers().map(({ dtlsTransport }) => dtlsTransport))
    const [first] = transports
    if (answer === undefined || first === undefined) throw new Error("there is nothing to answer")
    return {
      offer,
      answer,
      connected,
      ended,
      listen: ({ onRtcp, onRtp }) => {
        for (const transport of transports) {
          transport.onRtp.subscribe((packet) => {
            if (!isOver()) onRtp(packetBytes(packet))
          })
          transport.onRtcp.subscribe((packet) => {
            if (!isOver()) onRtcp(packet)
          })
        }
      },
      sendRtcp: (packets) => {
        // swallowed: a report that is lost is followed by another
        if (!isOver() && first.state === "connected") first.sendRtcp(packets).catch(() => undefined)
      },
      end
    }
  } catch (error) {
    end("The offer could not be answered")
    throw error
  }
}
