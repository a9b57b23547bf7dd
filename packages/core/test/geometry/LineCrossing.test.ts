import { crosses, crossing } from "@vigil/core/geometry/LineCrossing"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { point } from "./arbitraries.js"

/** Walking along it to the right of the picture, the left-hand side is the upper half. */
const line = { from: { x: 0.2, y: 0.5 }, to: { x: 0.8, y: 0.5 } }

describe("LineCrossing", () => {
  it("is forward from the left-hand to the right-hand side as seen on the picture", () => {
    expect(crossing(line, { x: 0.5, y: 0.4 }, { x: 0.5, y: 0.6 })).toBe("forward")
    expect(crossing(line, { x: 0.5, y: 0.6 }, { x: 0.4, y: 0.4 })).toBe("backward")
    expect(crossing({ from: line.to, to: line.from }, { x: 0.5, y: 0.4 }, { x: 0.5, y: 0.6 })).toBe("backward")
  })

  it("does not happen beside the line's ends, along it, or without moving", () => {
    expect(crossing(line, { x: 0.1, y: 0.4 }, { x: 0.1, y: 0.6 })).toBeUndefined()
    expect(crossing(line, { x: 0.85, y: 0.6 }, { x: 0.85, y: 0.4 })).toBeUndefined()
    expect(crossing(line, { x: 0.1, y: 0.5 }, { x: 0.9, y: 0.5 })).toBeUndefined()
    expect(crossing(line, { x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 })).toBeUndefined()
  })

  it("counts once over a stop on the line, and not at all where it turns back", () => {
    const on = { x: 0.5, y: 0.5 }
    const above = { x: 0.5, y: 0.4 }
    const below = { x: 0.5, y: 0.6 }
    const count = (way: ReadonlyArray<{ x: number; y: number }>) =>
      way
        .slice(1)
        .map((to, i) => crossing(line, way[i] ?? to, to))
        .filter((found) => found !== undefined)
    expect(count([above, on, below])).toEqual(["forward"])
    expect(count([below, on, above])).toEqual(["backward"])
    expect(count([above, on, above])).toEqual([])
    expect(count([below, on, below])).toEqual(["backward", "forward"])
  })

  it("crosses at the very end of the line", () => {
    expect(crossing(line, { x: 0.2, y: 0.4 }, { x: 0.2, y: 0.6 })).toBe("forward")
  })

  it("only asks for its own direction", () => {
    const down = [
      { x: 0.5, y: 0.4 },
      { x: 0.5, y: 0.6 }
    ] as const
    expect(crosses({ ...line, direction: "forward" }, down[0], down[1])).toBe(true)
    expect(crosses({ ...line, direction: "backward" }, down[0], down[1])).toBe(false)
    expect(crosses({ ...line, direction: "both" }, down[1], down[0])).toBe(true)
  })

  it("turns round with the line and with the move", () => {
    const opposite = { forward: "backward", backward: "forward" } as const
    fc.assert(
      fc.property(point, point, point, point, (from, to, before, after) => {
        const found = crossing({ from, to }, before, after)
        const back = crossing({ from, to }, after, before)
        expect(back).toBe(found === undefined ? undefined : opposite[found])
      })
    )
  })

  it("a closed walk crosses as often forward as backward an endless line", () => {
    const long = { from: { x: 0.5, y: -1000 }, to: { x: 0.5, y: 1000 } }
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 30 }), (way) => {
        let balance = 0
        way.forEach((to, i) => {
          const found = crossing(long, way[(i + way.length - 1) % way.length] ?? to, to)
          balance += found === "forward" ? 1 : found === "backward" ? -1 : 0
        })
        expect(balance).toBe(0)
      })
    )
  })
})
