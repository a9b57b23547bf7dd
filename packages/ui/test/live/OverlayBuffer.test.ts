import { CameraId } from "@vigil/core/Ids"
import { type Overlay, rtpTimestamp } from "@vigil/core/Overlay"
import { mediaTime, wallTime } from "@vigil/core/Time"
import type { Track } from "@vigil/core/Track"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import {
  extrapolate,
  longestExtrapolation,
  longestHold,
  makeOverlayBuffer,
  rtpMilliseconds
} from "../../src/live/OverlayBuffer.js"

const cameraId = CameraId.make("00000000-0000-4000-8000-00000000000a")
const size = { width: 640, height: 480 }

const track = (x: number, velocity: number, state: Track["state"] = "confirmed"): Track => ({
  id: 1,
  label: "person",
  confidence: 0.9,
  box: { x, y: 100, width: 40, height: 80 },
  velocity: { x: velocity, y: 0 },
  state,
  firstSeen: mediaTime(0),
  lastSeen: mediaTime(0),
  hits: 5
})

const overlay = (seconds: number, tracks: ReadonlyArray<Track>): Overlay => ({
  cameraId,
  mediaTime: mediaTime(seconds * 1_000_000),
  wallTime: wallTime(0),
  size,
  tracks
})

const rtpAt = (seconds: number): number => rtpTimestamp(mediaTime(seconds * 1_000_000))

describe("the overlay of a frame", () => {
  it("is the newest one that is not later than the frame", () => {
    const buffer = makeOverlayBuffer()
    for (const [seconds, x] of [
      [1, 10],
      [1.2, 20],
      [1.4, 30]
    ] as const)
      buffer.push(overlay(seconds, [track(x, 0)]), 0)
    expect(buffer.at(rtpAt(1.39), 0)?.tracks[0]?.box.x).toBe(20)
    expect(buffer.at(rtpAt(1.4), 0)?.tracks[0]?.box.x).toBe(30)
    expect(buffer.at(rtpAt(0.9), 0)).toBeUndefined()
  })

  it("has boxes moved on by their velocity, for a bounded time", () => {
    const moved = (age: number) => extrapolate(overlay(0, [track(100, 50)]), age)?.tracks[0]?.box.x
    expect(moved(0)).toBe(100)
    expect(moved(200)).toBeCloseTo(110)
    expect(moved(longestExtrapolation)).toBeCloseTo(130)
    expect(moved(longestExtrapolation + 300)).toBeCloseTo(130)
  })

  it("is gone once it is too old", () => {
    const buffer = makeOverlayBuffer()
    buffer.push(overlay(1, [track(10, 0)]), 0)
    expect(buffer.at(rtpAt(1 + longestHold / 1_000), 0)).toBeDefined()
    expect(buffer.at(rtpAt(1 + (longestHold + 20) / 1_000), 0)).toBeUndefined()
  })

  it("shows no track that was seen too seldom to be sure", () => {
    const shown = extrapolate(overlay(0, [track(1, 0, "tentative"), track(2, 0, "confirmed"), track(3, 0, "lost")]), 0)
    expect(shown?.tracks.map(({ box }) => box.x)).toEqual([2, 3])
  })

  it("is told by its arrival where the browser does not say which frame it shows", () => {
    const buffer = makeOverlayBuffer()
    buffer.push(overlay(5, [track(100, 100)]), 1_000)
    expect(buffer.at(undefined, 1_100)?.tracks[0]?.box.x).toBeCloseTo(110)
    expect(buffer.at(undefined, 1_000 + longestHold + 1)).toBeUndefined()
  })

  it("never comes from before the camera was opened anew", () => {
    const buffer = makeOverlayBuffer()
    buffer.push(overlay(100, [track(10, 0)]), 0)
    buffer.push(overlay(0.1, [track(20, 0)]), 0)
    expect(buffer.at(rtpAt(100), 0)).toBeUndefined()
    expect(buffer.at(rtpAt(0.2), 0)?.tracks[0]?.box.x).toBe(20)
  })

  it("is found over the wrap of the 32-bit time stamp", () => {
    const wrap = 0x1_0000_0000 / 90_000
    const buffer = makeOverlayBuffer()
    buffer.push(overlay(wrap - 0.1, [track(10, 0)]), 0)
    expect(rtpAt(wrap + 0.1)).toBeLessThan(rtpAt(wrap - 0.1))
    expect(buffer.at(rtpAt(wrap + 0.1), 0)?.age).toBeCloseTo(200, 0)
  })

  it("keeps a bounded number of overlays", () => {
    const buffer = makeOverlayBuffer()
    for (let index = 0; index < 1_000; index++) buffer.push(overlay(index / 10, [track(index, 0)]), 0)
    expect(buffer.at(rtpAt(50), 0)).toBeUndefined()
    expect(buffer.at(rtpAt(99.9), 0)?.tracks[0]?.box.x).toBe(999 > size.width ? size.width - 20 : 999)
  })
})

it("the difference of two RTP time stamps is right wherever the counter stands", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: -90_000_000, max: 90_000_000 }), (from, ticks) => {
      expect(rtpMilliseconds(from, (((from + ticks) % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000)).toBeCloseTo(ticks / 90, 6)
    })
  )
})

it("a moved box keeps its centre in the picture", () => {
  const speed = fc.double({ min: -5_000, max: 5_000, noNaN: true })
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 600, noNaN: true }),
      speed,
      fc.double({ min: 0, max: longestHold, noNaN: true }),
      (x, velocity, age) => {
        const box = extrapolate(overlay(0, [track(x, velocity)]), age)?.tracks[0]?.box
        expect(box).toBeDefined()
        const centre = (box?.x ?? Number.NaN) + (box?.width ?? Number.NaN) / 2
        expect(centre).toBeGreaterThanOrEqual(0)
        expect(centre).toBeLessThanOrEqual(size.width)
      }
    )
  )
})
