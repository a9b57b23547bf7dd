import { expect, it } from "vitest"
import { pause } from "../../src/live/Backoff.js"

it("waits longer after each failure, up to 15 seconds", () => {
  const longest = [0, 1, 2, 3, 4, 5, 100].map((attempt) => pause(attempt, () => 1))
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
})

it("spreads players that failed together over half of the time", () => {
  expect(pause(3, () => 0)).toBe(2_000)
  expect(pause(3, () => 0.5)).toBe(3_000)
})
