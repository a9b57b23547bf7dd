import { monotonicTime } from "@vigil/core/Time"
import type { SenderReport } from "@vigil/runtime/rtp/RtcpPacket"
import { RtpClock, type SessionStart } from "@vigil/runtime/rtp/RtpClock"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const rate = 90_000
const utc = Date.UTC(2026, 0, 1)
const nowhere = 123

const report = (timestamp: number, wallTime: number): SenderReport => ({
  ssrc: 1,
  compactNtp: 0,
  timestamp: timestamp >>> 0,
  wallTime
})

/** A clock that gets a frame every `step` ticks; receive time runs as the ticks do. */
const clockWith = (start: SessionStart = { time: undefined }) => {
  const clock = new RtpClock(rate, start)
  return {
    clock,
    at: (timestamp: number, received: number, leader?: RtpClock) =>
      clock.stamp(timestamp >>> 0, monotonicTime(received), nowhere, leader)
  }
}

describe("RtpClock", () => {
  it("starts at 0 and follows the time stamps over their wrap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.array(fc.integer({ min: 1, max: rate * 5 }), { maxLength: 50 }),
        (start, steps) => {
          const { at } = clockWith()
          let ticks = 0
          expect(at(start, 1000).mediaTime).toBe(0)
          for (const step of steps) {
            ticks += step
            expect(at(start + ticks, 1000 + (ticks / rate) * 1000).mediaTime).toBe(Math.round((ticks / rate) * 1e6))
          }
        }
      )
    )
  })

  it("runs on for days, far beyond 32 bits", () => {
    const { at } = clockWith()
    const hour = 3600 * rate
    let last = 0
    // 13 hours wrap the counter once; a frame every 5 minutes keeps it unambiguous.
    for (let i = 0; i <= 12 * 40; i++) last = at((i * hour) / 12, i * 300_000).mediaTime
    expect(last).toBe(40 * 3600 * 1e6)
  })

  it("has the receive clock until a report comes, and UTC of the camera from then on", () => {
    const { at, clock } = clockWith()
    expect(at(1000, 0)).toMatchObject({ wallTime: nowhere, wallClockOrigin: "receive" })
    clock.onSenderReport(report(1000 + rate, utc))
    expect(at(1000 + rate / 2, 500)).toMatchObject({ wallTime: utc - 500, wallClockOrigin: "sender-report" })
    expect(at(1000 + 3 * rate, 3000)).toMatchObject({ wallTime: utc + 2000 })
  })

  it("takes a report that came before the first packet", () => {
    const { at, clock } = clockWith()
    clock.onSenderReport(report(0xffff_ffff, utc))
    expect(at(rate - 1, 0)).toMatchObject({ wallTime: utc + 1000, wallClockOrigin: "sender-report" })
  })

  it("shows a step of the camera's clock in wall time only", () => {
    const { at, clock } = clockWith()
    at(0, 0)
    clock.onSenderReport(report(0, utc))
    at(rate, 1000)
    clock.onSenderReport(report(rate, utc + 3_600_000))
    expect(at(2 * rate, 2000)).toMatchObject({ mediaTime: 2e6, wallTime: utc + 3_601_000 })
    clock.onSenderReport(report(2 * rate, utc))
    expect(at(3 * rate, 3000)).toMatchObject({ mediaTime: 3e6, wallTime: utc + 1000 })
  })

  it("does not believe a clock that was never set, nor a report that belongs to other time stamps", () => {
    const { at, clock } = clockWith()
    at(0, 0)
    clock.onSenderReport(report(0, 5000))
    expect(at(rate, 1000).wallClockOrigin).toBe("receive")
    clock.onSenderReport(report(rate * 1000, utc))
    expect(at(rate * 2, 2000).wallClockOrigin).toBe("receive")
  })

  it("goes on through a sender that starts anew", () => {
    const { at, clock } = clockWith()
    at(0, 0)
    clock.onSenderReport(report(0, utc))
    at(rate, 1000)
    clock.restart()
    expect(at(987_654, 3000)).toMatchObject({ mediaTime: 3e6, wallClockOrigin: "receive" })
    expect(at(987_654 + rate, 4000).mediaTime).toBe(4e6)
  })

  it.each([
    ["ahead", 1e9],
    ["back", -1e8]
  ])("goes on through a jump %s", (_, jump) => {
    const { at } = clockWith()
    at(5e8, 0)
    at(5e8 + rate, 1000)
    expect(at(5e8 + rate + jump, 1100).mediaTime).toBe(1.1e6)
    expect(at(5e8 + 2 * rate + jump, 2100).mediaTime).toBe(2.1e6)
  })

  it("lets B frames go back a little", () => {
    const { at } = clockWith()
    expect([0, 3, 1, 2, 6, 4, 5].map((frame, index) => at(frame * 6000, index * 66).mediaTime)).toEqual(
      [0, 3, 1, 2, 6, 4, 5].map((frame) => Math.round((frame * 6000 * 1e6) / rate))
    )
  })

  it("moves a track to where the reports say it is, never backwards and never by leaps", () => {
    const start: SessionStart = { time: undefined }
    const video = clockWith(start)
    const audio = clockWith(start)
    video.at(0, 0)
    video.clock.onSenderReport(report(0, utc))
    // Sound of the same moment came 200 ms later.
    audio.at(7000, 200, video.clock)
    audio.clock.onSenderReport(report(7000, utc))
    let before = 200_000
    for (let i = 1; i <= 200; i++) {
      const { mediaTime } = audio.at(7000 + i * 1800, 200 + i * 20, video.clock)
      expect(mediaTime).toBeGreaterThan(before)
      expect(Math.abs(mediaTime - before - 20_000)).toBeLessThanOrEqual(2001)
      before = mediaTime
    }
    expect(before).toBe(200 * 20_000)
  })
})
