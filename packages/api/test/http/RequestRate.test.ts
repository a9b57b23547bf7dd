import { makeRequestRate, makeVisitorRate, rateHeaders } from "@vigil/api/http/RequestRate"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

describe("RequestRate", () => {
  it("lets a burst through, then as many as fill again, each client for itself", () => {
    const rate = makeRequestRate({ burst: 3, window: 60 })
    const taken = [1, 2, 3, 4].map(() => rate.take("a", 0).allowed)
    expect(taken).toEqual([true, true, true, false])
    expect(rate.take("b", 0)).toMatchObject({ allowed: true, remaining: 2 })
    expect(rate.take("a", 0).retryAfter).toBe(20)
    expect(rate.take("a", 20_000).allowed).toBe(true)
    expect(rate.take("a", 20_001).allowed).toBe(false)
  })

  it("never lets more through than the policy says, whenever they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (pauses, burst) => {
        const rate = makeRequestRate({ burst, window: 60 })
        let now = 0
        let allowed = 0
        for (const pause of pauses) {
          now += pause
          const state = rate.take("a", now)
          if (state.allowed) allowed++
          expect(state.remaining).toBeLessThanOrEqual(burst)
          expect(state.remaining).toBeGreaterThanOrEqual(0)
        }
        expect(allowed).toBeLessThanOrEqual(burst + (now / 60_000) * burst + 1e-6)
      })
    )
  })

  it("lets nobody go around it with ever new credentials, and harms nobody who was there before", () => {
    const rate = makeVisitorRate({ burst: 3, window: 60 })
    expect(rate.take("believed", "here", 0).allowed).toBe(true)
    const guesses = [1, 2, 3, 4, 5].map((guess) => {
      const { allowed } = rate.take(`guess ${guess}`, "here", 0)
      if (allowed) rate.refused("here", 0)
      return allowed
    })
    expect(guesses).toEqual([true, true, true, false, false])
    expect(rate.take("believed", "here", 0).allowed).toBe(true)
    expect(rate.take("guess 6", "elsewhere", 0).allowed).toBe(true)
    expect(rate.take("guess 7", "here", 20_000).allowed).toBe(true)
  })

  it("says it in headers", () => {
    const policy = { burst: 1, window: 60 }
    const rate = makeRequestRate(policy)
    expect(rateHeaders(policy, rate.take("a", 0))).toEqual({
      "ratelimit-policy": '"requests";q=1;w=60',
      ratelimit: '"requests";r=0;t=60'
    })
    expect(rateHeaders(policy, rate.take("a", 30_000))).toMatchObject({ "retry-after": "30" })
  })
})
