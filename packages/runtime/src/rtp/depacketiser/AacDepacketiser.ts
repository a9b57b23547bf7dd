import { BitReader } from "../../media/nal/BitReader.js"
import type { RtpPacket } from "../RtpPacket.js"
import { copyPayload } from "./AudioDepacketiser.js"
import type { Depacketiser, FrameSink } from "./Depacketiser.js"

/** What a stream's `a=fmtp` says of its headers (RFC 3640 4.1); all in bits. */
export interface AacHeaderLayout {
  readonly sizeLength: number
  readonly indexLength: number
  readonly indexDeltaLength: number
}

/** Bytes: 6144 bits a channel (ISO/IEC 14496-3 4.5.3), eight channels. */
const maxFrame = 6144
const maxFramesInPacket = 64

interface Fragment {
  readonly timestamp: number
  readonly size: number
  readonly pieces: Array<Uint8Array>
  gathered: number
}

/** AAC in the hbr and lbr modes (RFC 3640 3.3.5, 3.3.6), without interleaving. `samples` is the duration of a frame in RTP ticks. */
export const makeAacDepacketiser = (sink: FrameSink, layout: AacHeaderLayout, samples: number): Depacketiser => {
  let fragment: Fragment | undefined

  const emit = (unit: Uint8Array, timestamp: number, damaged: boolean) =>
    sink.onFrame({ units: [unit], timestamp: timestamp >>> 0, keyframe: true, damaged })

  /** Sizes of the packet's frames, and where the first one begins. */
  const readHeaders = ({ bytes, end, start }: RtpPacket): readonly [sizes: ReadonlyArray<number>, data: number] | undefined => {
    if (end - start < 2) return undefined
    const bits = bytes.readUInt16BE(start)
    const data = start + 2 + Math.ceil(bits / 8)
    if (data > end) return undefined
    const reader = new BitReader(bytes.subarray(start + 2, data))
    const sizes: Array<number> = []
    let left = bits
    while (left > 0 && sizes.length < maxFramesInPacket) {
      const indexBits = sizes.length === 0 ? layout.indexLength : layout.indexDeltaLength
      left -= layout.sizeLength + indexBits
      if (left < 0) return undefined
      sizes.push(reader.bits(layout.sizeLength))
      if (reader.bits(indexBits) !== 0) return undefined
    }
    return [sizes, data]
  }

  const broken = () => {
    fragment = undefined
    sink.onBrokenFrame()
  }

  const gather = (packet: RtpPacket, size: number, data: number) => {
    if (size > maxFrame || data === packet.end) return broken()
    if (fragment === undefined) fragment = { timestamp: packet.timestamp, size, pieces: [], gathered: 0 }
    if (fragment.timestamp !== packet.timestamp || fragment.size !== size) return broken()
    fragment.pieces.push(copyPayload(packet, data, packet.end))
    fragment.gathered += packet.end - data
    if (fragment.gathered > size) return broken()
    if (fragment.gathered < size) return
    emit(Buffer.concat(fragment.pieces), fragment.timestamp, false)
    fragment = undefined
  }

  return {
    push: (packet, lost) => {
      if (lost && fragment !== undefined) broken()
      const headers = readHeaders(packet)
      if (headers === undefined) return broken()
      const [sizes, data] = headers
      const first = sizes[0] ?? 0
      if (sizes.length === 1 && first > packet.end - data) return gather(packet, first, data)
      if (fragment !== undefined) broken()
      let at = data
      sizes.forEach((size, index) => {
        if (size === 0) return
        if (at + size > packet.end) return broken()
        emit(copyPayload(packet, at, at + size), packet.timestamp + index * samples, lost && index === 0)
        at += size
      })
    }
  }
}
