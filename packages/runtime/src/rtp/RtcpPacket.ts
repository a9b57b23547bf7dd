import { uint32 } from "./RtpPacket.js"

/** What a sender says of its clocks (RFC 3550 6.4.1). */
export interface SenderReport {
  readonly ssrc: number
  /** NTP time as UTC, milliseconds since 1970 with fractions. */
  readonly wallTime: number
  /** The middle 32 bits of the NTP time, given back in receiver reports. */
  readonly compactNtp: number
  /** RTP time stamp of the same moment. */
  readonly timestamp: number
}

/** One source's reception quality (RFC 3550 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number
  /** Share lost since the last report, in 1/256. */
  readonly fractionLost: number
  readonly packetsLost: number
  readonly highestSequence: number
  /** In RTP ticks. */
  readonly jitter: number
  readonly lastSenderReport: number
  /** In 1/65536 seconds. */
  readonly delaySinceSenderReport: number
}

const packetType = { senderReport: 200, receiverReport: 201, sourceDescription: 202, goodbye: 203 } as const

const ntpToUnix = 2_208_988_800
/** NTP's 32-bit seconds start again in 2036; below half of their range they belong to the next era. */
const eraSeconds = 2 ** 32

const fromNtp = (seconds: number, fraction: number): number =>
  (seconds + (seconds < 2 ** 31 ? eraSeconds : 0) - ntpToUnix) * 1000 + (fraction / 2 ** 32) * 1000

export interface RtcpHandlers {
  readonly onSenderReport: (report: SenderReport) => void
  readonly onGoodbye: (ssrc: number) => void
}

/** Reads a compound packet. Stops at the first part whose length does not fit; parts of no interest are passed over. */
export const readRtcp = (bytes: Uint8Array, from: number, to: number, handlers: RtcpHandlers): void => {
  let at = from
  while (at + 8 <= to && (bytes[at] ?? 0) >> 6 === 2) {
    const end = at + 4 * ((((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) + 1)
    if (end > to) return
    const type = bytes[at + 1]
    const ssrc = uint32(bytes, at + 4)
    if (type === packetType.senderReport && end - at >= 28) {
      const seconds = uint32(bytes, at + 8)
      const fraction = uint32(bytes, at + 12)
      if (seconds !== 0) {
        handlers.onSenderReport({
          ssrc,
          wallTime: fromNtp(seconds, fraction),
          compactNtp: ((seconds & 0xffff) * 0x10000 + (fraction >>> 16)) >>> 0,
          timestamp: uint32(bytes, at + 16)
        })
      }
    } else if (type === packetType.goodbye && ((bytes[at] ?? 0) & 0x1f) > 0) handlers.onGoodbye(ssrc)
    at = end
  }
}

/** A receiver report with one block and our name: the smallest compound packet allowed (RFC 3550 6.1). */
export const writeReceiverReport = (ssrc: number, block: ReportBlock | undefined, name: string): Buffer => {
  const reportLength = block === undefined ? 8 : 32
  const text = Buffer.from(name, "latin1").subarray(0, 255)
  const itemLength = 4 * Math.ceil((4 + 2 + text.length + 1) / 4)
  const bytes = Buffer.alloc(reportLength + 4 + itemLength)
  bytes.writeUInt8(block === undefined ? 0x80 : 0x81, 0)
  bytes.writeUInt8(packetType.receiverReport, 1)
  bytes.writeUInt16BE(reportLength / 4 - 1, 2)
  bytes.writeUInt32BE(ssrc, 4)
  if (block !== undefined) {
    bytes.writeUInt32BE(block.ssrc, 8)
    bytes.writeUInt8(block.fractionLost, 12)
    bytes.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, block.packetsLost)), 13, 3)
    bytes.writeUInt32BE(block.highestSequence, 16)
    bytes.writeUInt32BE(block.jitter, 20)
    bytes.writeUInt32BE(block.lastSenderReport, 24)
    bytes.writeUInt32BE(block.delaySinceSenderReport, 28)
  }
  bytes.writeUInt8(0x81, reportLength)
  bytes.writeUInt8(packetType.sourceDescription, reportLength + 1)
  bytes.writeUInt16BE(itemLength / 4, reportLength + 2)
  bytes.writeUInt32BE(ssrc, reportLength + 4)
  bytes.writeUInt8(1, reportLength + 8)
  bytes.writeUInt8(text.length, reportLength + 9)
  text.copy(bytes, reportLength + 10)
  return bytes
}
