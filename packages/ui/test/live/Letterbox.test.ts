import * as fc from "effect/FastCheck"
import { expect, it } from "vitest"
import { contain, placed } from "../../src/live/Letterbox.js"

it("puts a picture into its element as object-fit: contain does", () => {
  expect(contain({ width: 800, height: 400 }, { width: 600, height: 400 })).toEqual({ x: 100, y: 0, width: 600, height: 400 })
  expect(contain({ width: 400, height: 800 }, { width: 1920, height: 1080 })).toEqual({ x: 0, y: 287.5, width: 400, height: 225 })
})

it("is empty while the element or the picture has no area", () => {
  expect(contain({ width: 0, height: 100 }, { width: 640, height: 480 }).width).toBe(0)
  expect(contain({ width: 100, height: 100 }, { width: 0, height: 0 }).width).toBe(0)
})

it("keeps the picture's shape, within the element, touching two of its edges", () => {
  const length = fc.integer({ min: 1, max: 5_000 })
  fc.assert(
    fc.property(length, length, length, length, (width, height, w, h) => {
      const box = contain({ width, height }, { width: w, height: h })
      expect(box.width * h).toBeCloseTo(box.height * w, 3)
      expect(box.x).toBeGreaterThanOrEqual(-1e-6)
      expect(box.y).toBeGreaterThanOrEqual(-1e-6)
      expect(box.x * 2 + box.width).toBeCloseTo(width, 6)
      expect(box.y * 2 + box.height).toBeCloseTo(height, 6)
      expect(Math.min(box.x, box.y)).toBeCloseTo(0, 6)
    })
  )
})

it("puts boxes onto the element, and cuts them off at the picture's edges", () => {
  const picture = contain({ width: 800, height: 400 }, { width: 300, height: 200 })
  expect(placed({ x: 30, y: 20, width: 60, height: 40 }, picture, 2)).toEqual({ x: 160, y: 40, width: 120, height: 80 })
  expect(placed({ x: -30, y: -10, width: 60, height: 40 }, picture, 2)).toEqual({ x: 100, y: 0, width: 60, height: 60 })
  expect(placed({ x: 280, y: 190, width: 60, height: 40 }, picture, 2)).toEqual({ x: 660, y: 380, width: 40, height: 20 })
  expect(placed({ x: 400, y: 0, width: 60, height: 40 }, picture, 2).width).toBe(0)
})
