import { expect, it } from "@effect/vitest"
import { mediaTime } from "@vigil/core/Time"
import { makeFramePacer } from "@vigil/runtime/media/worker/FramePacer"
import * as fc from "effect/FastCheck"

const taken = (rate: number, times: ReadonlyArray<number>): ReadonlyArray<number> => {
  const pacer = makeFramePacer(rate)
  return times.filter((time) => pacer.take(mediaTime(time)))
}

const frames = (rate: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => (index * 1_000_000) / rate)

it("takes every third of 15 for 5, all of 10 for 15, and two or three apart of 12.5 for 5", () => {
  expect(taken(5, frames(15, 30))).toHaveLength(10)
  expect(taken(15, frames(10, 30))).toHaveLength(30)
  expect(taken(5, frames(12.5, 100))).toHaveLength(40)
})

it("does not lose a frame to jitter of the time stamps", () => {
  const jittered = frames(15, 150).map((time, index) => time + (index % 2) * 3000)
  expect(taken(15, jittered)).toHaveLength(150)
})

it("goes on when the media time starts again, and after a gap does not catch up", () => {
  const pacer = makeFramePacer(5)
  expect(pacer.take(mediaTime(60_000_000))).toBe(true)
  expect(pacer.take(mediaTime(0))).toBe(true)
  expect(pacer.take(mediaTime(100_000))).toBe(false)
  expect(pacer.take(mediaTime(9_000_000))).toBe(true)
  expect(pacer.take(mediaTime(9_066_000))).toBe(false)
})

it("never takes more than asked for", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 30, noNaN: true }),
      fc.array(fc.integer({ min: 1000, max: 200_000 }), { minLength: 10, maxLength: 300 }),
      (rate, steps) => {
        let time = 0
        const times = steps.map((step) => (time += step))
        const seconds = (times[times.length - 1] - times[0]) / 1_000_000
        expect(taken(rate, times).length).toBeLessThanOrEqual(Math.floor(seconds * rate + 0.1) + 1)
      }
    )
  )
})
