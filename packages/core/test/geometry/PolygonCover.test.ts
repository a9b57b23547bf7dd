import { contains } from "@vigil/core/geometry/Polygon"
import { coverOf } from "@vigil/core/geometry/PolygonCover"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { decimal, share, starPolygon } from "./arbitraries.js"

const size = { width: 64, height: 48 }

const none = { x: 0, y: 0 }

const isCovered = (spans: Uint32Array, pixel: number): boolean => {
  for (let at = 0; at < spans.length; at += 2) if (pixel >= (spans[at] ?? 0) && pixel < (spans[at + 1] ?? 0)) return true
  return false
}

const countOf = (spans: Uint32Array): number => spans.reduce((sum, value, index) => sum + (index % 2 === 0 ? -value : value), 0)

const rectangle = (left: number, top: number, right: number, bottom: number) => [
  { x: left, y: top },
  { x: right, y: top },
  { x: right, y: bottom },
  { x: left, y: bottom }
]

/** A U whose opening is at the top. */
const horseshoe = [
  { x: 0, y: 0 },
  { x: 0.25, y: 0 },
  { x: 0.25, y: 0.75 },
  { x: 0.75, y: 0.75 },
  { x: 0.75, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 }
]

describe("coverOf", () => {
  it("has every pixel that a polygon touches, and its margin", () => {
    fc.assert(
      fc.property(
        starPolygon,
        share,
        share,
        fc.integer({ min: 0, max: 3 }),
        decimal(-1, 1),
        decimal(-1, 1),
        (polygon, x, y, margin, right, down) => {
          fc.pre(contains(polygon, { x, y }))
          const column = Math.floor(x * size.width + right * margin)
          const row = Math.floor(y * size.height + down * margin)
          fc.pre(column >= 0 && column < size.width && row >= 0 && row < size.height)
          const spans = coverOf([polygon], size, { x: margin, y: margin })
          expect(isCovered(spans, row * size.width + column)).toBe(true)
        }
      ),
      { numRuns: 2000 }
    )
  })

  it("has no more than that of a rectangle, and keeps notches free", () => {
    expect(countOf(coverOf([rectangle(0.26, 0.26, 0.49, 0.49)], size, none))).toBe(16 * 12)
    expect(countOf(coverOf([rectangle(0.26, 0.26, 0.49, 0.49)], size, { x: 2, y: 1 }))).toBe(20 * 14)
    const spans = coverOf([horseshoe], size, none)
    expect(isCovered(spans, 10 * size.width + 32)).toBe(false)
    expect(isCovered(spans, 40 * size.width + 32)).toBe(true)
  })

  it("joins what overlaps: no pixel is in two spans, and they rise", () => {
    fc.assert(
      fc.property(fc.array(starPolygon, { maxLength: 4 }), (polygons) => {
        const spans = coverOf(polygons, size, { x: 1, y: 1 })
        for (let at = 1; at < spans.length; at++) expect(spans[at]).toBeGreaterThanOrEqual(spans[at - 1] ?? 0)
        expect(countOf(spans)).toBeLessThanOrEqual(size.width * size.height)
      })
    )
  })

  it("follows a part of the picture", () => {
    const half = { x: -64, y: -48, width: 128, height: 96 }
    expect(countOf(coverOf([rectangle(0, 0, 0.49, 0.49)], size, none, half))).toBe(0)
    expect(countOf(coverOf([rectangle(0.5, 0.5, 1, 1)], size, none, half))).toBe(64 * 48)
  })
})
