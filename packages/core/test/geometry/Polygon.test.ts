import { area, contains, intersectionArea, isSimple, rasterise, shareOfBox } from "@vigil/core/geometry/Polygon"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { boxIn, point, share, starPolygon } from "./arbitraries.js"

const square = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 }
]

/** An L: the unit square without its upper right quarter. */
const concave = [
  { x: 0, y: 0 },
  { x: 0.5, y: 0 },
  { x: 0.5, y: 0.5 },
  { x: 1, y: 0.5 },
  { x: 1, y: 1 },
  { x: 0, y: 1 }
]

const bowTie = [
  { x: 0, y: 0 },
  { x: 1, y: 1 },
  { x: 1, y: 0 },
  { x: 0, y: 1 }
]

/** A U whose opening is at the top: what a box over its opening shares with it lies in two pieces. */
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

describe("Polygon", () => {
  it("knows inside, outside, notch, edge and corner", () => {
    expect(contains(concave, { x: 0.25, y: 0.25 })).toBe(true)
    expect(contains(concave, { x: 0.75, y: 0.25 })).toBe(false)
    expect(contains(concave, { x: 0.75, y: 0.5 })).toBe(true)
    expect(contains(concave, { x: 0.5, y: 0.5 })).toBe(true)
    expect(contains(concave, { x: 0, y: 0.3 })).toBe(true)
    expect(contains([], { x: 0, y: 0 })).toBe(false)
  })

  it("every corner, and every place on an edge as near as numbers go, is inside", () => {
    fc.assert(
      fc.property(starPolygon, fc.nat(), share, (polygon, pick, along) => {
        const a = polygon[pick % polygon.length] ?? { x: 0, y: 0 }
        const b = polygon[(pick + 1) % polygon.length] ?? a
        expect(contains(polygon, a)).toBe(true)
        const towardsCentre = (p: { x: number; y: number }, by: number) => ({
          x: p.x + (0.5 - p.x) * by,
          y: p.y + (0.5 - p.y) * by
        })
        const onEdge = { x: a.x + (b.x - a.x) * along, y: a.y + (b.y - a.y) * along }
        expect(contains(polygon, towardsCentre(onEdge, 1e-9))).toBe(true)
        fc.pre(polygon.length > 4)
        expect(contains(polygon, towardsCentre(onEdge, -1e-6))).toBe(false)
      })
    )
  })

  it("is the same from any first corner and either way round", () => {
    fc.assert(
      fc.property(starPolygon, point, fc.nat(), (polygon, place, turn) => {
        const at = turn % polygon.length
        const turned = [...polygon.slice(at), ...polygon.slice(0, at)].reverse()
        expect(contains(turned, place)).toBe(contains(polygon, place))
        expect(area(turned)).toBeCloseTo(area(polygon), 12)
      })
    )
  })

  it("shares of a box add up over the box's halves, and with the whole picture they are 1", () => {
    const size = { width: 640, height: 480 }
    fc.assert(
      fc.property(starPolygon, boxIn(size), share, (polygon, box, cut) => {
        expect(shareOfBox(square, box, size)).toBeCloseTo(1, 6)
        const pixels = polygon.map((p) => ({ x: p.x * size.width, y: p.y * size.height }))
        const left = { ...box, width: box.width * cut }
        const right = { ...box, x: box.x + left.width, width: box.width - left.width }
        const whole = intersectionArea(pixels, box)
        expect(intersectionArea(pixels, left) + intersectionArea(pixels, right)).toBeCloseTo(whole, 4)
        expect(shareOfBox(polygon, box, size)).toBeCloseTo(whole / (box.width * box.height), 6)
      })
    )
  })

  it("computes the shared area where it lies in two pieces", () => {
    expect(intersectionArea(horseshoe, { x: 0, y: 0.25, width: 1, height: 0.25 })).toBeCloseTo(0.125)
    expect(shareOfBox(horseshoe, { x: 25, y: 0, width: 50, height: 75 }, { width: 100, height: 100 })).toBeCloseTo(0)
    expect(shareOfBox(concave, { x: 0, y: 0, width: 0, height: 10 }, { width: 100, height: 100 })).toBe(0)
  })

  it("takes simple polygons and refuses crossing, folded, flat and doubled ones", () => {
    for (const good of [square, concave, horseshoe, [...concave].reverse()]) expect(isSimple(good)).toBe(true)
    fc.assert(
      fc.property(starPolygon, (polygon) => {
        fc.pre(polygon.length > 3)
        expect(isSimple(polygon)).toBe(true)
      })
    )
    expect(isSimple(bowTie)).toBe(false)
    expect(isSimple(square.slice(0, 2))).toBe(false)
    expect(
      isSimple([
        { x: 0, y: 0 },
        { x: 0.5, y: 0.5 },
        { x: 1, y: 1 }
      ])
    ).toBe(false)
    expect(isSimple([...square, { x: 0, y: 1 }])).toBe(false)
    expect(isSimple([...square, { x: 0, y: 0 }])).toBe(false)
    expect(
      isSimple([
        { x: 0, y: 0 },
        { x: 1, y: 0 },
        { x: 0.2, y: 0 },
        { x: 0.5, y: 1 }
      ])
    ).toBe(false)
    const touchesOwnEdge = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 1 },
      { x: 0.5, y: 0 },
      { x: 0, y: 1 }
    ]
    expect(isSimple(touchesOwnEdge)).toBe(false)
  })

  it("rasterises exactly the pixels whose centres are inside", () => {
    fc.assert(
      fc.property(starPolygon, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 }), (polygon, width, height) => {
        const mask = rasterise([polygon], { width, height })
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const inside = contains(polygon, { x: (x + 0.5) / width, y: (y + 0.5) / height })
            expect(mask[y * width + x]).toBe(inside ? 1 : 0)
          }
        }
      }),
      {
        numRuns: 40,
        examples: [
          [[...concave], 8, 8],
          [[...horseshoe], 16, 16]
        ]
      }
    )
  })

  it("rasterises several polygons into one mask and clears the one it is given", () => {
    const dirty = new Uint8Array(16).fill(7)
    const mask = rasterise(
      [
        square.map((p) => ({ x: p.x / 2, y: p.y })),
        [
          { x: 0.5, y: 0 },
          { x: 1, y: 0 },
          { x: 1, y: 0.5 },
          { x: 0.5, y: 0.5 }
        ]
      ],
      { width: 4, height: 4 },
      dirty
    )
    expect(mask).toBe(dirty)
    expect([...mask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0])
    expect(rasterise([square], { width: 3, height: 3 }, dirty)).not.toBe(dirty)
  })
})
