import { cornersToSource, crop, letterbox, stretch, toSource, toTarget } from "@vigil/core/geometry/PictureTransform"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { boxIn, size } from "./arbitraries.js"

const transforms = {
  "letterbox top left": (s: Parameters<typeof letterbox>[0], t: Parameters<typeof letterbox>[1]) => letterbox(s, t, "top-left"),
  "letterbox centre": (s: Parameters<typeof letterbox>[0], t: Parameters<typeof letterbox>[1]) => letterbox(s, t, "centre"),
  crop,
  stretch
}

describe("PictureTransform", () => {
  it("letterboxes 768x432 into 416x416 as YOLOX expects", () => {
    const transform = letterbox({ width: 768, height: 432 }, { width: 416, height: 416 }, "top-left")
    expect(transform.content).toEqual({ x: 0, y: 0, width: 416, height: 234 })
    expect(toSource(transform, { x: 208, y: 117, width: 104, height: 234 })).toEqual({ x: 384, y: 216, width: 192, height: 216 })
  })

  it("centres 1920x1080 in 640x480 and crops 640x480 out of its middle", () => {
    const wide = { width: 1920, height: 1080 }
    const target = { width: 640, height: 480 }
    expect(letterbox(wide, target, "centre").content).toEqual({ x: 0, y: 60, width: 640, height: 360 })
    expect(crop(wide, target).region).toEqual({ x: 240, y: 0, width: 1440, height: 1080 })
  })

  for (const [name, make] of Object.entries(transforms)) {
    it(`${name}: content and region are whole pixels inside their pictures`, () => {
      fc.assert(
        fc.property(size, size, (source, target) => {
          const { content, region } = make(source, target)
          for (const [part, whole] of [
            [content, target],
            [region, source]
          ] as const) {
            for (const value of Object.values(part)) expect(Number.isInteger(value)).toBe(true)
            expect(part.x).toBeGreaterThanOrEqual(0)
            expect(part.y).toBeGreaterThanOrEqual(0)
            expect(part.width).toBeGreaterThan(0)
            expect(part.height).toBeGreaterThan(0)
            expect(part.x + part.width).toBeLessThanOrEqual(whole.width)
            expect(part.y + part.height).toBeLessThanOrEqual(whole.height)
          }
        })
      )
    })

    it(`${name}: there and back again is the box`, () => {
      const pair = fc.tuple(size, size).chain(([source, target]) => {
        const transform = make(source, target)
        const inRegion = boxIn({ width: transform.region.width, height: transform.region.height })
        return fc.tuple(
          fc.constant(transform),
          inRegion.map((box) => ({ ...box, x: box.x + transform.region.x, y: box.y + transform.region.y }))
        )
      })
      fc.assert(
        fc.property(pair, ([transform, box]) => {
          const back = toSource(transform, toTarget(transform, box))
          for (const side of ["x", "y", "width", "height"] as const) expect(back[side]).toBeCloseTo(box[side], 6)
        })
      )
    })
  }

  it("maps many corners in place as it maps one box", () => {
    const transform = letterbox({ width: 1920, height: 1080 }, { width: 416, height: 416 }, "centre")
    fc.assert(
      fc.property(fc.array(boxIn({ width: 416, height: 416 }), { maxLength: 20 }), (boxes) => {
        const corners = Float32Array.from(boxes.flatMap((box) => [box.x, box.y, box.x + box.width, box.y + box.height]))
        cornersToSource(transform, corners, boxes.length)
        boxes.forEach((box, i) => {
          const expected = toSource(transform, box)
          expect(corners[i * 4]).toBeCloseTo(expected.x, 2)
          expect(corners[i * 4 + 1]).toBeCloseTo(expected.y, 2)
          expect(corners[i * 4 + 2]).toBeCloseTo(expected.x + expected.width, 2)
          expect(corners[i * 4 + 3]).toBeCloseTo(expected.y + expected.height, 2)
        })
      })
    )
  })
})
