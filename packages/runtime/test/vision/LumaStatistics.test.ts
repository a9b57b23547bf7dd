import { expect, it } from "@effect/vitest"
import { measureLuma } from "@vigil/runtime/vision/LumaStatistics"
import * as fc from "effect/FastCheck"
import { noise } from "../material/Luma.js"

it("agrees with the definitions", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 24 }), fc.integer({ min: 3, max: 24 }), fc.integer(), (width, height, seed) => {
      const pixels = width * height
      const random = noise(seed)
      const take = () => Uint8Array.from({ length: pixels }, () => random() * 256)
      const [plane, previous] = [take(), take()]
      const measured = measureLuma(plane, width, height, previous)
      const mean = plane.reduce((sum, value) => sum + value, 0) / pixels
      expect(measured.mean).toBeCloseTo(mean, 9)
      expect(measured.deviation).toBeCloseTo(Math.sqrt(plane.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels), 6)
      expect(measured.difference).toBe(plane.filter((value, index) => value !== previous[index]).length / pixels)
      const laplacians: Array<number> = []
      for (let y = 1; y < height - 1; y += 2) {
        for (let x = 1; x < width - 1; x++) {
          const at = (dx: number, dy: number) => plane[(y + dy) * width + x + dx]
          laplacians.push(at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * at(0, 0))
        }
      }
      const middle = laplacians.reduce((sum, value) => sum + value, 0) / laplacians.length
      const variance = laplacians.reduce((sum, value) => sum + (value - middle) ** 2, 0) / laplacians.length
      expect(measured.sharpness).toBeCloseTo(variance, 4)
    }),
    { numRuns: 50 }
  )
})
