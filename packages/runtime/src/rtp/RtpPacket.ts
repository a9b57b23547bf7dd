/**
 * The fields of the RTP packet that was read last (RFC 3550 5.1). One object is used for all packets of a track; `bytes` is only valid
 * until the next packet.
 */
export class RtpPacket {
  bytes: Buffer = Buffer.alloc(0)
  marker = false
  payloadType = 0
  /** 16 bits. */
  sequence = 0
  /** 32 bits, unsigned. */
  timestamp = 0
  /** 32 bits, unsigned. */
  ssrc = 0
  /** The payload lies in `bytes` from `start` to before `end`; padding and header extensions are outside. */
  start = 0
  end = 0

  /** Reads the packet in `bytes` from `from` to before `to`. False when it is none, or its lengths do not fit. */
  read(bytes: Buffer, from: number, to: number): boolean {
    if (to - from < 12) return false
    const first = bytes[from] ?? 0
    if (first >> 6 !== 2) return false
    const second = bytes[from + 1] ?? 0
    let start = from + 12 + (first & 0x0f) * 4
    if ((first & 0x10) !== 0) {
      if (start + 4 > to) return false
      start += 4 + 4 * (((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0))
    }
    let end = to
    if ((first & 0x20) !== 0) {
      const padding = bytes[to - 1] ?? 0
      if (padding === 0) return false
      end -= padding
    }
    if (start > end) return false
    // Mostly the same receive buffer; a store costs the garbage collector's write barrier.
    if (this.bytes !== bytes) this.bytes = bytes
    this.marker = (second & 0x80) !== 0
    this.payloadType = second & 0x7f
    this.sequence = ((bytes[from + 2] ?? 0) << 8) | (bytes[from + 3] ?? 0)
    this.timestamp = uint32(bytes, from + 4)
    this.ssrc = uint32(bytes, from + 8)
    this.start = start
    this.end = end
    return true
  }
}

export const uint32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0

/** How far `to` is ahead of `from` on the 16-bit circle: -32768 to 32767. */
export const sequenceDistance = (from: number, to: number): number => ((to - from) << 16) >> 16

/** How far `to` is ahead of `from` on the 32-bit circle. */
export const timestampDistance = (from: number, to: number): number => (to - from) | 0
