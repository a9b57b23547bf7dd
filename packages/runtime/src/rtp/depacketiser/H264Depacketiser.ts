import { H264NalType, isH264Slice } from "../../media/nal/H264.js"
import type { RtpPacket } from "../RtpPacket.js"
import type { Depacketiser, FrameSink } from "./Depacketiser.js"
import { type NalCodec, PictureAssembler } from "./PictureAssembler.js"

/** RFC 6184 table 1. */
const aggregation = 24
const fragmentation = 28

const codec: NalCodec = {
  typeOf: (first) => first & 0x1f,
  isSlice: isH264Slice,
  isParameterSet: (type) => type === H264NalType.sequenceParameters || type === H264NalType.pictureParameters,
  isRandomAccess: (type) => type === H264NalType.idr,
  firstSliceByte: 1
}

/** H.264 in packetization modes 0 and 1: single units, STAP-A and FU-A (RFC 6184 5.6, 5.7.1, 5.8). */
export const makeH264Depacketiser = (sink: FrameSink): Depacketiser => {
  const picture = new PictureAssembler(codec, sink)

  const readAggregate = ({ bytes, end, start }: RtpPacket) => {
    let at = start + 1
    while (at < end) {
      const from = at + 2
      const to = from + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
      if (from > end || to > end || to === from) return picture.damage()
      picture.unit(bytes, from, to)
      at = to
    }
  }

  const readFragment = ({ bytes, end, start }: RtpPacket) => {
    if (end - start < 3) return picture.damage()
    const indicator = bytes[start] ?? 0
    const header = bytes[start + 1] ?? 0
    if ((header & 0x80) !== 0) picture.beginFragment((indicator & 0xe0) | (header & 0x1f), false)
    picture.continueFragment(bytes, start + 2, end, (header & 0x40) !== 0)
  }

  return {
    push: (packet, lost) => {
      picture.arrive(packet, lost)
      if (packet.start < packet.end) {
        const type = (packet.bytes[packet.start] ?? 0) & 0x1f
        if (type === fragmentation) readFragment(packet)
        else if (type >= 1 && type < aggregation) picture.unit(packet.bytes, packet.start, packet.end)
        else if (type === aggregation) readAggregate(packet)
        else picture.damage()
      }
      picture.leave(packet)
    }
  }
}
