import { type MediaTime, type MonotonicTime, mediaTime, type WallClockOrigin, type WallTime, wallTime } from "@vigil/core/Time"
import type { SenderReport } from "./RtcpPacket.js"
import { timestampDistance } from "./RtpPacket.js"

/** Where a session's media time is 0: when its first access unit of any track came. */
export interface SessionStart {
  time: MonotonicTime | undefined
}

/** What one frame is stamped with. */
export interface Stamp {
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly wallClockOrigin: WallClockOrigin
}

/** Time stamps that run away from our clock by more than this, in seconds, belong to another time line. */
const maxForwardJump = 10
/** B frames go back a little; further back than this, in seconds, is another time line. */
const maxBackwardJump = 2
/** Seconds between a sender report's RTP time and the newest frame's; further apart they do not belong together. */
const maxReportDistance = 60
/** An NTP time before 2010 comes from a clock that was never set. */
const earliestWallTime = Date.UTC(2010, 0, 1)
/** How fast a track may be moved against another, as a share of the time that passes: its times never go back for it. */
const maxSlew = 0.1
/** Microseconds; tracks further apart than this have reports that make no sense. */
const maxTrackOffset = 5_000_000

interface Reference {
  readonly ticks: number
  readonly wallTime: number
}

/**
 * Turns one track's RTP time stamps into media time and wall time.
 *
 * Media time begins when the track's first frame came, runs with the camera's clock, and goes on through the 32-bit wrap, through a
 * sender that starts anew and through jumps. Wall time is the receive clock until a sender report connects RTP time with UTC
 * (RFC 3550 6.4.1); each report replaces the one before, so a step of the camera's clock shows at the next report and media time does not know
 * of it. Reports of a clock that was never set only serve to align tracks.
 */
export class RtpClock {
  private readonly clockRate: number
  private readonly start: SessionStart
  private started = false
  private lastTimestamp = 0
  /** Unrolled. */
  private lastTicks = 0
  private lastReceived = 0
  /** Media time of tick 0, microseconds. */
  private offset = 0
  private reference: Reference | undefined
  private early: SenderReport | undefined
  private jumped = false

  constructor(clockRate: number, start: SessionStart) {
    this.clockRate = clockRate
    this.start = start
  }

  /** Takes a report about this track's stream. */
  onSenderReport(report: SenderReport): void {
    if (!this.started) {
      this.early = report
      return
    }
    const distance = timestampDistance(this.lastTimestamp, report.timestamp)
    if (Math.abs(distance) > maxReportDistance * this.clockRate) return
    this.reference = { ticks: this.lastTicks + distance, wallTime: report.wallTime }
  }

  /** The sender has begun another stream, whose time stamps have nothing to do with those before. */
  restart(): void {
    if (this.started) this.reference = undefined
    this.early = undefined
    this.jumped = true
  }

  /** Stamps a frame. `now` is our UTC in milliseconds; `leader` is the track that this one is aligned with. */
  stamp(timestamp: number, received: MonotonicTime, now: number, leader?: RtpClock): Stamp {
    const ticks = this.unroll(timestamp, received)
    if (leader !== undefined) this.follow(leader, ticks)
    const time = mediaTime(Math.max(0, Math.round(this.mediaTimeOf(ticks))))
    this.lastTimestamp = timestamp
    this.lastTicks = ticks
    this.lastReceived = received
    if (this.reference === undefined || this.reference.wallTime < earliestWallTime) {
      return { mediaTime: time, wallTime: wallTime(now), wallClockOrigin: "receive" }
    }
    const wall = this.reference.wallTime + ((ticks - this.reference.ticks) / this.clockRate) * 1000
    return { mediaTime: time, wallTime: wallTime(wall), wallClockOrigin: "sender-report" }
  }

  private mediaTimeOf(ticks: number): number {
    return (ticks / this.clockRate) * 1_000_000 + this.offset
  }

  private unroll(timestamp: number, received: MonotonicTime): number {
    if (!this.started) return this.begin(timestamp, received)
    const distance = timestampDistance(this.lastTimestamp, timestamp)
    const seconds = distance / this.clockRate
    const elapsed = (received - this.lastReceived) / 1000
    if (!this.jumped && seconds > -maxBackwardJump && seconds - elapsed < maxForwardJump) return this.lastTicks + distance
    this.jumped = false
    this.reference = undefined
    return this.lastTicks + Math.max(1, Math.round(elapsed * this.clockRate))
  }

  private begin(timestamp: number, received: MonotonicTime): number {
    this.started = true
    this.jumped = false
    this.start.time ??= received
    this.offset = (received - this.start.time) * 1000
    this.lastTimestamp = timestamp
    this.lastTicks = 0
    const early = this.early
    this.early = undefined
    if (early !== undefined) this.onSenderReport(early)
    return 0
  }

  /** Moves this track's media time towards where the reports say it is in relation to the leader's. */
  private follow(leader: RtpClock, ticks: number): void {
    if (this.reference === undefined || leader.reference === undefined) return
    const wall = this.reference.wallTime + ((ticks - this.reference.ticks) / this.clockRate) * 1000
    const leaderTicks = leader.reference.ticks + ((wall - leader.reference.wallTime) / 1000) * leader.clockRate
    const error = leader.mediaTimeOf(leaderTicks) - this.mediaTimeOf(ticks)
    if (Math.abs(error) > maxTrackOffset) return
    const passed = ((ticks - this.lastTicks) / this.clockRate) * 1_000_000
    const limit = Math.max(0, passed) * maxSlew
    this.offset += Math.max(-limit, Math.min(limit, error))
  }
}
