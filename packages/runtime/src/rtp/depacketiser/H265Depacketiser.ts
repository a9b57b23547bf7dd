import { H265NalType, isH265RandomAccess, isH265Slice } from "../../media/nal/H265.js"
import type { RtpPacket } from "../RtpPacket.js"
import type { Depacketiser, FrameSink } from "./Depacketiser.js"
import { type NalCodec, PictureAssembler } from "./PictureAssembler.js"

/** RFC 7798 4.4. */
const aggregation = 48
const fragmentation = 49

const codec: NalCodec = {
  typeOf: (first) => (first >> 1) & 0x3f,
  isSlice: isH265Slice,
  isParameterSet: (type) => type >= H265NalType.videoParameters && type <= H265NalType.pictureParameters,
  isRandomAccess: isH265RandomAccess,
  firstSliceByte: 2
}

/**
 * H.265: single units, aggregation packets and fragmentation units (RFC 7798 4.4.1 to 4.4.3). With `decodingOrder` (sprop-max-don-diff
 * above 0) their order numbers are passed over: units are taken in the order they are sent in.
 */
export const makeH265Depacketiser = (sink: FrameSink, decodingOrder: boolean): Depacketiser => {
  const picture = new PictureAssembler(codec, sink)
  const orderBytes = decodingOrder ? 2 : 0

  const readSingle = ({ bytes, end, start }: RtpPacket) => {
    if (!decodingOrder) return picture.unit(bytes, start, end)
    if (end - start < 5) return picture.damage()
    picture.beginFragment(((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0), true)
    picture.continueFragment(bytes, start + 4, end, true)
  }

  const readAggregate = ({ bytes, end, start }: RtpPacket) => {
    let at = start + 2
    while (at < end) {
      const lengthAt = at + (at === start + 2 ? orderBytes : orderBytes / 2)
      const from = lengthAt + 2
      const to = from + (((bytes[lengthAt] ?? 0) << 8) | (bytes[lengthAt + 1] ?? 0))
      if (from > end || to > end || to - from < 2) return picture.damage()
      picture.unit(bytes, from, to)
      at = to
    }
  }

  const readFragment = ({ bytes, end, start }: RtpPacket) => {
    const header = bytes[start + 2] ?? 0
    const begins = (header & 0x80) !== 0
    const from = start + 3 + (begins ? orderBytes : 0)
    if (from >= end) return picture.damage()
    if (begins) {
      const first = ((bytes[start] ?? 0) & 0x81) | ((header & 0x3f) << 1)
      picture.beginFragment((first << 8) | (bytes[start + 1] ?? 0), true)
    }
    picture.continueFragment(bytes, from, end, (header & 0x40) !== 0)
  }

  return {
    push: (packet, lost) => {
      picture.arrive(packet, lost)
      if (packet.start < packet.end) {
        const type = ((packet.bytes[packet.start] ?? 0) >> 1) & 0x3f
        if (type === fragmentation) readFragment(packet)
        else if (type < aggregation) readSingle(packet)
        else if (type === aggregation) readAggregate(packet)
        else picture.damage()
      }
      picture.leave(packet)
    }
  }
}
