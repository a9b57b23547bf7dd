import { randomInt } from "node:crypto"
import type { MediaTime, WallTime } from "@vigil/core/Time"
import { RtcpSenderInfo, RtcpSrPacket, RtpHeader } from "werift"

/** An RTP packet on its way; `payload` is shared with others and never changed. */
export interface OutgoingPacket {
  readonly stream: OutgoingStream
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  readonly payload: Buffer
}

/** Packets that can be sent again; a power of two. Two seconds of 6 Mbit/s. */
const historyLength = 1024

const ntpToUnix = 2_208_988_800

/** NTP's seconds start again in 2036 (RFC 5905 6). */
const ntpOf = (time: WallTime): bigint => {
  const seconds = Math.floor(time / 1000)
  const fraction = Math.floor(((time - seconds * 1000) / 1000) * 2 ** 32)
  return BigInt.asUintN(64, (BigInt(seconds + ntpToUnix) << 32n) | BigInt(fraction))
}

/** One RTP stream that is sent: numbers its packets, remembers them for a while, and reports its clock. */
export class OutgoingStream {
  packets = 0
  bytes = 0
  /** Packets that were sent again because the receiver asked for them. */
  repeated = 0
  readonly ssrc: number
  private readonly payloadType: number
  private readonly clockRate: number
  private readonly offset = randomInt(2 ** 32)
  private readonly history = new Array<OutgoingPacket | undefined>(historyLength).fill(undefined)
  /** Far from the wrap, so that the first packets are not taken for late ones of a stream before. */
  private next = randomInt(2 ** 14)
  private newest: { readonly timestamp: number; readonly wallTime: WallTime } | undefined

  constructor(ssrc: number, payloadType: number, clockRate: number) {
    this.ssrc = ssrc
    this.payloadType = payloadType
    this.clockRate = clockRate
  }

  /** The packets of one access unit: the last one has the marker. */
  packetsOf(payloads: ReadonlyArray<Buffer>, mediaTime: MediaTime, marker: boolean): ReadonlyArray<OutgoingPacket> {
    const timestamp = this.timestampOf(mediaTime)
    const last = payloads.length - 1
    return payloads.map((payload, index) => {
      const sequence = this.next
      this.next = (sequence + 1) & 0xffff
      return { stream: this, sequence, timestamp, marker: marker && index === last, payload }
    })
  }

  /** What connects the stream's clock with UTC from now on. */
  date(mediaTime: MediaTime, wallTime: WallTime): void {
    this.newest = { timestamp: this.timestampOf(mediaTime), wallTime }
  }

  /** The packet's header; it is sent now. */
  headerOf(packet: OutgoingPacket): RtpHeader {
    this.history[packet.sequence & (historyLength - 1)] = packet
    this.packets++
    this.bytes += packet.payload.length
    return this.write(packet)
  }

  /** A packet that was sent before, to be sent once more; undefined when it is forgotten. */
  again(sequence: number): OutgoingPacket | undefined {
    const packet = this.history[sequence & (historyLength - 1)]
    if (packet?.sequence !== sequence) return undefined
    this.repeated++
    return packet
  }

  /** The fields of a packet as werift serialises them. */
  write({ marker, sequence, timestamp }: OutgoingPacket): RtpHeader {
    const { payloadType, ssrc } = this
    return new RtpHeader({ version: 2, marker, payloadType, sequenceNumber: sequence, timestamp, ssrc })
  }

  /** A sender report (RFC 3550 6.4.1) with the camera's own clock; none before the first access unit. */
  report(): RtcpSrPacket | undefined {
    if (this.newest === undefined) return undefined
    return new RtcpSrPacket({
      ssrc: this.ssrc,
      senderInfo: new RtcpSenderInfo({
        ntpTimestamp: ntpOf(this.newest.wallTime),
        rtpTimestamp: this.newest.timestamp,
        packetCount: this.packets % 2 ** 32,
        octetCount: this.bytes % 2 ** 32
      }),
      reports: []
    })
  }

  private timestampOf(mediaTime: MediaTime): number {
    return (this.offset + Math.round((mediaTime * this.clockRate) / 1_000_000)) % 2 ** 32
  }
}
