import { expect, it } from "@effect/vitest"
import { monotonicTime } from "@vigil/core/Time"
import { makeIdleGate } from "@vigil/runtime/media/IdleGate"

const interval = 100

/** Shows a camera's access units every 100 ms; returns the milliseconds at which the gate changed. */
const changes = (sizes: ReadonlyArray<number>): ReadonlyArray<readonly [number, boolean]> => {
  const gate = makeIdleGate()
  const seen: Array<readonly [number, boolean]> = []
  sizes.forEach((bytes, index) => {
    const awake = gate.see(bytes, index % 20 === 0, monotonicTime(index * interval))
    if (seen.at(-1)?.[1] !== awake) seen.push([index * interval, awake])
  })
  return seen
}

const quiet = (count: number) => Array.from({ length: count }, (_, index) => (index % 20 === 0 ? 20_000 : 900 + (index % 3) * 60))

it("sleeps on a quiet picture, in spite of its key frames", () => {
  expect(changes(quiet(600))).toEqual([
    [0, true],
    [5000, false]
  ])
})

it("wakes within a few access units of a surge, and sleeps again later", () => {
  const sizes = quiet(600)
  for (let index = 301; index < 320; index++) sizes[index] = 5000
  const [, , [woke, awake], [slept]] = changes(sizes)
  expect(awake).toBe(true)
  expect(woke - 301 * interval).toBeLessThanOrEqual(3 * interval)
  expect(slept).toBeGreaterThanOrEqual(woke + 10_000)
})

it("is not woken by one large access unit", () => {
  const sizes = quiet(600)
  sizes[305] = 9000
  expect(changes(sizes)).toHaveLength(2)
})

it("wakes by motion", () => {
  const gate = makeIdleGate()
  for (let time = 0; time <= 6000; time += interval) gate.see(900, false, monotonicTime(time))
  gate.motion(monotonicTime(6000))
  expect(gate.see(900, false, monotonicTime(15_900))).toBe(true)
  expect(gate.see(900, false, monotonicTime(16_100))).toBe(false)
})
