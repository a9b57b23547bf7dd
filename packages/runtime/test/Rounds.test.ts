import { makeRounds } from "@vigil/runtime/Rounds"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const some = fc.record({ items: fc.uniqueArray(fc.nat()), turns: fc.integer({ min: 1, max: 30 }) })

describe("rounds", () => {
  it("give each its turn once in a round, as evenly as can be", () => {
    fc.assert(
      fc.property(some, ({ items, turns }) => {
        const next = makeRounds(() => items, turns)
        for (const _ of ["the first round", "the second"]) {
          const parts = Array.from({ length: turns }, next)
          expect(new Set(parts.flat())).toEqual(new Set(items))
          expect(parts.flat()).toHaveLength(items.length)
          const sizes = parts.map(({ length }) => length)
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        }
      })
    )
  })

  it("have those that came meanwhile in the next one", () => {
    const items = new Set(["a", "b"])
    const next = makeRounds(() => items, 2)
    expect(next()).toEqual(["a"])
    items.add("c").delete("b")
    expect(next()).toEqual(["b"])
    expect(next()).toEqual(["a"])
    expect(next()).toEqual(["c"])
  })
})
