import { describe, expect, it } from "@effect/vitest"
import { makeTimeline, type Timeline } from "@vigil/runtime/media/demux/Timeline"
import * as fc from "effect/FastCheck"

const frame = 40_000

const place = (timeline: Timeline, decoding: number, presentation = decoding, stream = 0) =>
  timeline.place(stream, { presentation, decoding, duration: frame })

describe("the line of media time", () => {
  it("begins at 0 with the first picture, reordering kept", () => {
    const timeline = makeTimeline()
    const times = [
      [0, 80_000],
      [40_000, 200_000],
      [80_000, 120_000],
      [120_000, 160_000]
    ]
    expect(times.map(([decoding, presentation]) => place(timeline, decoding, presentation).mediaTime)).toEqual([
      0, 120_000, 40_000, 80_000
    ])
  })

  it("goes on where a 33-bit clock wraps, and where it jumps in either direction", () => {
    for (const jump of [-(2 ** 33) / 0.09, 3_600_000_000, -500_000_000]) {
      const timeline = makeTimeline()
      const placed = Array.from({ length: 20 }, (_, index) => place(timeline, index * frame + (index < 10 ? 0 : jump)))
      expect(placed.map(({ mediaTime }) => Math.round(mediaTime))).toEqual(
        Array.from({ length: 20 }, (_, index) => index * frame)
      )
    }
  })

  it("moves sound with the pictures when both jump", () => {
    const timeline = makeTimeline()
    for (let index = 0; index < 10; index++) {
      place(timeline, index * frame)
      place(timeline, index * frame + 7000, undefined, 1)
    }
    const jump = 1_000_000_000
    expect(place(timeline, 10 * frame + jump).mediaTime).toBe(10 * frame)
    expect(place(timeline, 10 * frame + jump + 7000, undefined, 1).mediaTime).toBe(10 * frame + 7000)
  })

  it("leaves a pause of a few seconds as it is", () => {
    const timeline = makeTimeline()
    place(timeline, 0)
    expect(place(timeline, 5_000_000).mediaTime).toBe(5_000_000)
  })

  it("counts frames where a stream has no times", () => {
    const timeline = makeTimeline()
    const placed = Array.from(
      { length: 3 },
      () => timeline.place(0, { presentation: undefined, decoding: undefined, duration: frame }).mediaTime
    )
    timeline.restart()
    placed.push(timeline.place(0, { presentation: undefined, decoding: undefined, duration: frame }).mediaTime)
    expect(placed).toEqual([0, frame, 2 * frame, 3 * frame])
  })

  it("goes on when the file starts again", () => {
    const timeline = makeTimeline()
    for (let index = 0; index < 5; index++) place(timeline, index * frame + 900)
    timeline.restart()
    expect(place(timeline, 900).mediaTime).toBe(5 * frame)
    expect(place(timeline, 900 + frame).mediaTime).toBe(6 * frame)
  })

  it("never lets the due time step back by more than a second, or ahead by more than ten, whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { minLength: 2 }), (clock) => {
        const timeline = makeTimeline()
        let previous: number | undefined
        for (const decoding of clock) {
          const { due, mediaTime } = place(timeline, decoding)
          expect(mediaTime).toBeGreaterThanOrEqual(0)
          if (previous !== undefined) expect(due - previous).toBeGreaterThanOrEqual(-1_000_000 - frame)
          if (previous !== undefined) expect(due - previous).toBeLessThanOrEqual(10_000_000 + frame)
          previous = due
        }
      })
    )
  })
})
