import {
  area,
  centre,
  clip,
  enclosing,
  footPoint,
  fromCorners,
  grow,
  intersection,
  intersectionArea,
  intersectionOverUnion,
  relative
} from "@vigil/core/geometry/BoxGeometry"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { boxIn, decimal, size } from "./arbitraries.js"

const picture = { width: 640, height: 480 }

describe("BoundingBox", () => {
  it("computes known overlaps", () => {
    const a = { x: 0, y: 0, width: 10, height: 10 }
    expect(intersectionOverUnion(a, a)).toBe(1)
    expect(intersectionOverUnion(a, { ...a, x: 5 })).toBeCloseTo(1 / 3)
    expect(intersection(a, { ...a, x: 5, y: 5 })).toEqual({ x: 5, y: 5, width: 5, height: 5 })
    expect(intersection(a, { ...a, x: 10 })).toBeUndefined()
    expect(enclosing(a, { x: 20, y: -5, width: 1, height: 1 })).toEqual({ x: 0, y: -5, width: 21, height: 15 })
  })

  it("names the foot point and the centre in shares of the picture", () => {
    const box = { x: 64, y: 48, width: 128, height: 96 }
    expect(footPoint(box, picture)).toEqual({ x: 0.2, y: 0.3 })
    expect(centre(box, picture)).toEqual({ x: 0.2, y: 0.2 })
    expect(relative(box, picture)).toEqual({ x: 0.1, y: 0.1, width: 0.2, height: 0.2 })
  })

  it("overlap is symmetric, between 0 and 1, and agrees with the intersection", () => {
    fc.assert(
      fc.property(boxIn(picture), boxIn(picture), (a, b) => {
        const overlap = intersectionOverUnion(a, b)
        expect(overlap).toBe(intersectionOverUnion(b, a))
        expect(overlap).toBeGreaterThanOrEqual(0)
        expect(overlap).toBeLessThanOrEqual(1)
        const shared = intersection(a, b)
        expect(shared === undefined ? 0 : area(shared)).toBeCloseTo(intersectionArea(a, b), 6)
        expect(area(enclosing(a, b))).toBeGreaterThanOrEqual(Math.max(area(a), area(b)) - 1e-6)
      })
    )
  })

  it("clipping stays inside, keeps what was inside, and is idempotent", () => {
    const number = decimal(-2000, 2000)
    fc.assert(
      fc.property(number, number, number, number, size, (left, top, right, bottom, within) => {
        const box = fromCorners(left, top, right, bottom)
        const clipped = clip(box, within)
        expect(clipped.x).toBeGreaterThanOrEqual(0)
        expect(clipped.y).toBeGreaterThanOrEqual(0)
        expect(clipped.x + clipped.width).toBeLessThanOrEqual(within.width + 1e-9)
        expect(clipped.y + clipped.height).toBeLessThanOrEqual(within.height + 1e-9)
        expect(area(clipped)).toBeCloseTo(intersectionArea(box, { x: 0, y: 0, ...within }), 3)
        const again = clip(clipped, within)
        for (const side of ["x", "y", "width", "height"] as const) expect(again[side]).toBeCloseTo(clipped[side], 9)
      })
    )
  })

  it("grows and shrinks around its centre, never inside out", () => {
    fc.assert(
      fc.property(boxIn(picture), decimal(-1000, 1000), (box, margin) => {
        const grown = grow(box, margin)
        expect(grown.width).toBeGreaterThanOrEqual(0)
        expect(grown.height).toBeGreaterThanOrEqual(0)
        expect(grown.x + grown.width / 2).toBeCloseTo(box.x + box.width / 2, 6)
      })
    )
  })
})
