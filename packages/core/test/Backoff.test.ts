import { ceiling, delay } from "@vigil/core/Backoff"
import * as fc from "effect/FastCheck"
import { expect, it } from "vitest"
import { share } from "./geometry/arbitraries.js"

const policy = { base: 1000, cap: 30_000, factor: 2, floor: 250 }

it("doubles its ceiling up to the cap", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1e9].map((failures) => ceiling(policy, failures))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000
  ])
})

it("waits between floor and ceiling, evenly", () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), share, (failures, random) => {
      const wait = delay(policy, failures, random)
      expect(wait).toBeGreaterThanOrEqual(policy.floor)
      expect(wait).toBeLessThanOrEqual(ceiling(policy, failures))
    })
  )
  expect(delay(policy, 3, 0)).toBe(250)
  expect(delay(policy, 3, 0.5)).toBe(250 + 3750 / 2)
  expect(delay(policy, 3, 1)).toBe(4000)
})
