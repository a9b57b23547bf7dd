import type { MonotonicTime } from "@vigil/core/Time"
import { sequenceDistance, uint32 } from "./RtpPacket.js"

export interface ReorderLimits {
  /** Packets that wait for a missing one; a power of two. */
  readonly packets: number
  /** Milliseconds that the oldest of them waits. */
  readonly delay: number
}

export const defaultReorderLimits: ReorderLimits = { packets: 512, delay: 100 }

/** `lost` packets are missing before it. */
export type OrderedSink = (packet: Buffer, lost: number, received: MonotonicTime) => void

interface Held {
  readonly packet: Buffer
  readonly sequence: number
  readonly received: MonotonicTime
}

/** Sequence numbers further back than this are another stream (RFC 3550 A.1, MAX_MISORDER). */
const maxMisorder = 100

/**
 * Puts the RTP packets of UDP datagrams back in order. A gap holds the packets behind it until it is filled, until `packets` of them
 * wait, or until the oldest has waited for `delay` (call {@link ReorderBuffer.expire} for that). Copes with the wrap of the sequence
 * number and with senders that start anew.
 */
export class ReorderBuffer {
  /** Packets that came after a later one and were put back. */
  reordered = 0
  /** Packets waiting. */
  held = 0
  private readonly limits: ReorderLimits
  private readonly sink: OrderedSink
  private readonly slots: Array<Held | undefined>
  private expected = -1
  private ssrc = -1
  private newest = 0

  constructor(sink: OrderedSink, limits: ReorderLimits = defaultReorderLimits) {
    this.sink = sink
    this.limits = limits
    this.slots = new Array<Held | undefined>(limits.packets).fill(undefined)
  }

  /** Takes one datagram, at least 12 bytes long, and keeps it as long as it has to wait. */
  push(packet: Buffer, received: MonotonicTime): void {
    const sequence = packet.readUInt16BE(2)
    const ssrc = uint32(packet, 8)
    if (ssrc !== this.ssrc || this.expected < 0) this.restart(ssrc, sequence)
    let distance = sequenceDistance(this.expected, sequence)
    if (distance < -maxMisorder || distance > this.limits.packets * 8) {
      this.restart(ssrc, sequence)
      distance = 0
    }
    if (distance < 0) return
    const ahead = sequenceDistance(this.newest, sequence)
    if (ahead > 0) this.newest = sequence
    while (this.held > 0 && distance >= this.limits.packets) {
      this.skipGap()
      distance = sequenceDistance(this.expected, sequence)
    }
    const held = { packet, sequence, received }
    const next = distance === 0 || distance >= this.limits.packets
    if (!next && !this.hold(held)) return
    if (ahead < 0) this.reordered++
    if (!next) return
    this.emit(held)
    this.release()
  }

  /** Sequence numbers that packets wait for, oldest first, at most so many. */
  missing(most: number): ReadonlyArray<number> {
    const missing: Array<number> = []
    if (this.held === 0) return missing
    const span = sequenceDistance(this.expected, this.newest)
    for (let ahead = 0; ahead < span && missing.length < most; ahead++) {
      const sequence = (this.expected + ahead) & 0xffff
      if (this.slots[this.slot(sequence)] === undefined) missing.push(sequence)
    }
    return missing
  }

  /** Gives up on gaps whose followers have waited too long. */
  expire(now: MonotonicTime): void {
    while (this.held > 0 && now - (this.nextHeld()?.received ?? now) >= this.limits.delay) this.skipGap()
  }

  private slot(sequence: number): number {
    return sequence & (this.limits.packets - 1)
  }

  /** False for a packet that is held already. */
  private hold(held: Held): boolean {
    const index = this.slot(held.sequence)
    if (this.slots[index] !== undefined) return false
    this.slots[index] = held
    this.held++
    return true
  }

  private emit(held: Held): void {
    const lost = sequenceDistance(this.expected, held.sequence)
    this.expected = (held.sequence + 1) & 0xffff
    this.sink(held.packet, lost, held.received)
  }

  /** Hands out what follows without a gap. */
  private release(): void {
    while (this.held > 0) {
      const index = this.slot(this.expected)
      const held = this.slots[index]
      if (held === undefined) return
      this.slots[index] = undefined
      this.held--
      this.emit(held)
    }
  }

  private nextHeld(): Held | undefined {
    for (let ahead = 1; ahead < this.limits.packets; ahead++) {
      const held = this.slots[this.slot(this.expected + ahead)]
      if (held !== undefined) return held
    }
    return undefined
  }

  /** Takes the packets before the next held one for lost. */
  private skipGap(): void {
    const next = this.nextHeld()
    if (next === undefined) return
    this.slots[this.slot(next.sequence)] = undefined
    this.held--
    this.emit(next)
    this.release()
  }

  private restart(ssrc: number, sequence: number): void {
    while (this.held > 0) this.skipGap()
    this.ssrc = ssrc
    this.expected = sequence
    this.newest = sequence - 1
  }
}
