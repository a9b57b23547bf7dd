import type { MonotonicTime } from "@vigil/core/Time"
import type { ReportBlock, SenderReport } from "./RtcpPacket.js"
import { type RtpPacket, sequenceDistance, timestampDistance } from "./RtpPacket.js"

/** What a packet means for the order of its stream. */
export type PacketOrder =
  /** It comes next. */
  | "next"
  /** Packets before it are missing. */
  | "gap"
  /** It comes after a later one, or a second time. */
  | "late"
  /** Another stream begins: a new SSRC, or a jump that no loss explains. */
  | "restart"

/** Larger jumps of the sequence number are a restart (RFC 3550 A.1, MAX_DROPOUT and MAX_MISORDER). */
const maxDropout = 3000
const maxMisorder = 100

/** Reception of one RTP stream: order, loss and jitter, as receiver reports tell them (RFC 3550 A.1, A.3, A.8). */
export class RtpReceiver {
  /** Packets missing just before the one that was taken last. */
  missing = 0
  private readonly clockRate: number
  private ssrc = 0
  private started = false
  private firstSequence = 0
  private highest = 0
  private cycles = 0
  private received = 0
  private expectedBefore = 0
  private receivedBefore = 0
  private transitFrom: MonotonicTime | undefined
  private transit = 0
  private jitterTicks = 0
  private report: SenderReport | undefined
  private reportReceived = 0
  private late = 0

  constructor(clockRate: number) {
    this.clockRate = clockRate
  }

  /** Interarrival jitter in milliseconds. */
  get jitter(): number {
    return (this.jitterTicks / this.clockRate) * 1000
  }

  /** Of the stream being received; undefined before its first packet. */
  get source(): number | undefined {
    return this.started ? this.ssrc : undefined
  }

  take(packet: RtpPacket, received: MonotonicTime): PacketOrder {
    this.missing = 0
    const order = this.order(packet)
    if (order === "restart") this.restart(packet)
    this.received++
    this.updateJitter(packet, received, order === "restart")
    return order
  }

  onSenderReport(report: SenderReport, received: MonotonicTime): void {
    this.report = report
    this.reportReceived = received
  }

  /** The next report block, or undefined when nothing was received yet. Starts the next interval. */
  takeReport(now: MonotonicTime): ReportBlock | undefined {
    if (!this.started) return undefined
    const expected = this.cycles + this.highest - this.firstSequence + 1
    const expectedNow = expected - this.expectedBefore
    const lostNow = expectedNow - (this.received - this.receivedBefore)
    this.expectedBefore = expected
    this.receivedBefore = this.received
    return {
      ssrc: this.ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0,
      packetsLost: expected - this.received,
      highestSequence: (this.cycles + this.highest) >>> 0,
      jitter: Math.min(0xffff_ffff, Math.floor(this.jitterTicks)),
      lastSenderReport: this.report?.compactNtp ?? 0,
      delaySinceSenderReport:
        this.report === undefined ? 0 : Math.min(0xffff_ffff, Math.round((now - this.reportReceived) * 65.536))
    }
  }

  private order(packet: RtpPacket): PacketOrder {
    if (!this.started || packet.ssrc !== this.ssrc) return "restart"
    const distance = sequenceDistance(this.highest, packet.sequence)
    if (distance > maxDropout || distance < -maxMisorder) return "restart"
    if (distance <= 0) {
      // A sender that restarts a little behind looks like packets that are late; but late ones are few.
      return ++this.late > maxMisorder ? "restart" : "late"
    }
    this.late = 0
    if (packet.sequence < this.highest) this.cycles += 0x10000
    this.highest = packet.sequence
    this.missing = distance - 1
    return distance === 1 ? "next" : "gap"
  }

  private restart(packet: RtpPacket): void {
    if (packet.ssrc !== this.ssrc) this.report = undefined
    this.started = true
    this.ssrc = packet.ssrc
    this.firstSequence = packet.sequence
    this.highest = packet.sequence
    this.cycles = 0
    this.received = 0
    this.late = 0
    this.expectedBefore = 0
    this.receivedBefore = 0
  }

  private updateJitter(packet: RtpPacket, received: MonotonicTime, restart: boolean): void {
    if (this.transitFrom === undefined) this.transitFrom = received
    const arrival = (((received - this.transitFrom) * this.clockRate) / 1000) | 0
    const transit = timestampDistance(packet.timestamp, arrival)
    const change = Math.abs(timestampDistance(this.transit, transit))
    this.transit = transit
    if (!restart && change < this.clockRate * 10) this.jitterTicks += (change - this.jitterTicks) / 16
  }
}
