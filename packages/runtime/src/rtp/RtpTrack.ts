import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { MediaTrack } from "@vigil/core/MediaTrack"
import type { AccessUnitSink } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"
import type { SourceMeter } from "../source/SourceMeter.js"
import { VideoDescriber } from "../source/VideoDescriber.js"
import type { Depacketiser, Frame, FrameSink } from "./depacketiser/Depacketiser.js"
import { defaultReorderLimits, ReorderBuffer, type ReorderLimits } from "./ReorderBuffer.js"
import { type ReportBlock, readRtcp } from "./RtcpPacket.js"
import { RtpClock, type SessionStart } from "./RtpClock.js"
import { RtpPacket } from "./RtpPacket.js"
import { RtpReceiver } from "./RtpReceiver.js"
import type { TrackFormat } from "./TrackFormat.js"

export interface RtpTrackOptions {
  /** Its index in the source's description. */
  readonly index: number
  readonly format: TrackFormat
  readonly meter: SourceMeter
  readonly start: SessionStart
  /** The track that this one is aligned with; absent for that one itself. */
  readonly leader: RtpTrack | undefined
  readonly sink: AccessUnitSink
  readonly onGoodbye: () => void
  /** How long datagrams wait for those before them. */
  readonly reorder?: ReorderLimits
}

/** One RTP stream's way from packets to access units. */
export class RtpTrack implements FrameSink {
  /** When the newest access unit was complete. */
  lastAccessUnit: MonotonicTime | undefined
  private readonly options: RtpTrackOptions
  private readonly receiver: RtpReceiver
  private readonly clock: RtpClock
  private readonly depacketiser: Depacketiser
  private readonly packet = new RtpPacket()
  private readonly reorder: ReorderBuffer
  /** Of the packet that was handed on last, where datagrams are put in order. */
  private orderedSource = -1
  private orderedSequence = -1
  private received: MonotonicTime | undefined

  constructor(options: RtpTrackOptions) {
    this.options = options
    this.receiver = new RtpReceiver(options.format.clockRate)
    this.clock = new RtpClock(options.format.clockRate, options.start)
    this.depacketiser = options.format.depacketiser(this)
    this.reorder = new ReorderBuffer(
      (packet, lost, received) => this.takeOrdered(packet, lost, received),
      options.reorder ?? defaultReorderLimits
    )
  }

  get description(): MediaTrack {
    const { track } = this.options.format
    return track instanceof VideoDescriber ? track.track : track
  }

  get profile(): TrackFormat["profile"] {
    return this.options.format.profile
  }

  /** Of the stream being received; undefined before its first packet. */
  get source(): number | undefined {
    return this.receiver.source
  }

  get isVideo(): boolean {
    return this.options.format.track instanceof VideoDescriber
  }

  /** Interarrival jitter in milliseconds. */
  get jitter(): number {
    return this.receiver.jitter
  }

  /** Packets held back because one before them is missing. */
  get waiting(): number {
    return this.reorder.held
  }

  /** Sequence numbers that packets wait for, oldest first, at most so many. */
  missing(most: number): ReadonlyArray<number> {
    return this.reorder.missing(most)
  }

  /** A packet of a connection that keeps order. `bytes` is only valid during the call. */
  takeInterleaved(bytes: Buffer, from: number, to: number, received: MonotonicTime): void {
    const { packet, receiver } = this
    if (!packet.read(bytes, from, to) || packet.payloadType !== this.options.format.payloadType) return
    this.options.meter.onPacket(to - from, received)
    const first = receiver.source === undefined
    const order = receiver.take(packet, received)
    if (order === "late") return
    this.options.meter.packetsLost += receiver.missing
    if (order === "restart" && !first) this.clock.restart()
    this.received = received
    this.depacketiser.push(packet, order === "gap" || (order === "restart" && !first))
  }

  /** A packet of its own memory that may be out of order. */
  takeDatagram(bytes: Buffer, received: MonotonicTime): void {
    if (!this.packet.read(bytes, 0, bytes.length) || this.packet.payloadType !== this.options.format.payloadType) return
    this.options.meter.onPacket(bytes.length, received)
    this.receiver.take(this.packet, received)
    const before = this.reorder.reordered
    this.reorder.push(bytes, received)
    this.options.meter.packetsReordered += this.reorder.reordered - before
    this.expire(received)
  }

  /** Gives up on packets that have been missing for too long. */
  expire(now: MonotonicTime): void {
    this.reorder.expire(now)
  }

  takeRtcp(bytes: Buffer, from: number, to: number, received: MonotonicTime): void {
    readRtcp(bytes, from, to, {
      onSenderReport: (report) => {
        if (this.receiver.source !== undefined && report.ssrc !== this.receiver.source) return
        this.receiver.onSenderReport(report, received)
        this.clock.onSenderReport(report)
      },
      onGoodbye: (ssrc) => {
        if (ssrc === this.receiver.source) this.options.onGoodbye()
      }
    })
  }

  takeReport(now: MonotonicTime): ReportBlock | undefined {
    return this.receiver.takeReport(now)
  }

  onFrame(frame: Frame): void {
    const { format, index, leader, meter, sink } = this.options
    const { track } = format
    const video = track instanceof VideoDescriber
    const received = this.received
    if (received === undefined) return
    const stamp = this.clock.stamp(frame.timestamp, received, Date.now(), leader?.clock)
    const unit: AccessUnit = {
      track: index,
      kind: video ? "video" : "audio",
      units: frame.units,
      keyframe: frame.keyframe,
      damaged: frame.damaged,
      mediaTime: stamp.mediaTime,
      wallTime: stamp.wallTime,
      wallClockOrigin: stamp.wallClockOrigin,
      received
    }
    this.lastAccessUnit = received
    meter.onAccessUnit(video, frame.keyframe, frame.damaged, received)
    if (video) track.observe(unit)
    void sink(unit)
  }

  onBrokenFrame(): void {
    this.options.meter.onBrokenFrame()
  }

  private takeOrdered(bytes: Buffer, lost: number, received: MonotonicTime): void {
    const { packet } = this
    if (!packet.read(bytes, 0, bytes.length)) return
    const first = this.orderedSource < 0
    const another = !first && this.orderedSource !== packet.ssrc
    const gap = !first && packet.sequence !== ((this.orderedSequence + 1) & 0xffff)
    this.orderedSource = packet.ssrc
    this.orderedSequence = packet.sequence
    if (another) this.clock.restart()
    this.options.meter.packetsLost += lost
    this.received = received
    this.depacketiser.push(packet, gap || another)
  }
}
