import type { RtpPacket } from "../RtpPacket.js"
import type { Depacketiser, FrameSink } from "./Depacketiser.js"

/** A packet's payload is one frame: G.711 (RFC 3551 4.5.14) and Opus (RFC 7587 4.2). */
export const makeAudioDepacketiser = (sink: FrameSink): Depacketiser => ({
  push: (packet, lost) => {
    if (packet.start === packet.end) return
    sink.onFrame({
      units: [copyPayload(packet, packet.start, packet.end)],
      timestamp: packet.timestamp,
      keyframe: true,
      damaged: lost
    })
  }
})

/** The bytes of a packet in memory of their own. */
export const copyPayload = (packet: RtpPacket, from: number, to: number): Uint8Array => {
  const copy = Buffer.allocUnsafe(to - from)
  packet.bytes.copy(copy, 0, from, to)
  return copy
}
