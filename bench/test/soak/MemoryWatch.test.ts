import { slope } from "@vigil/bench/soak/MemoryWatch"
import { describe, expect, it } from "vitest"

describe("slope", () => {
  it("is the growth a minute, whatever the noise", () => {
    const points = Array.from({ length: 600 }, (_, second) => ({
      at: second * 1000,
      megabytes: 100 + (second / 60) * 4 + (second % 2 === 0 ? 10 : -10)
    }))
    expect(slope(points)).toBeCloseTo(4, 0)
  })

  it("is nothing of a single reading", () => {
    expect(slope([{ at: 0, megabytes: 5 }])).toBe(0)
  })
})
