import { expect, it } from "@effect/vitest"
import { fitting } from "@vigil/runtime/media/worker/FrameNormaliser"
import * as fc from "effect/FastCheck"

const size = fc.record({ width: fc.integer({ min: 16, max: 4000 }), height: fc.integer({ min: 16, max: 4000 }) })

it("letterboxes in the middle", () => {
  expect(fitting({ width: 1280, height: 720 }, { width: 640, height: 480, fit: "letterbox" })).toEqual({
    content: { x: 0, y: 60, width: 640, height: 360 }
  })
})

it("crops from the middle", () => {
  expect(fitting({ width: 1280, height: 720 }, { width: 640, height: 480, fit: "crop" })).toEqual({
    crop: { x: 160, y: 0, width: 960, height: 720 },
    content: { x: 0, y: 0, width: 640, height: 480 }
  })
})

it("stays inside source and frame, and does not distort", () => {
  fc.assert(
    fc.property(size, size, fc.constantFrom("letterbox" as const, "crop" as const), (source, frame, fit) => {
      const { content, crop } = fitting(source, { ...frame, fit })
      expect(
        content.x >= 0 && content.y >= 0 && content.x + content.width <= frame.width && content.y + content.height <= frame.height
      ).toBe(true)
      const part = crop ?? { x: 0, y: 0, ...source }
      expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= source.width && part.y + part.height <= source.height).toBe(
        true
      )
      // A strip of a few pixels cannot keep its shape.
      fc.pre(Math.min(content.width, content.height, part.width, part.height) >= 8)
      // What is seen has the shape of where it is shown, but for a pixel on the shorter side.
      const slack = (width: number, height: number) => 1 / Math.min(width, height)
      const shape = Math.log((content.width / content.height) * (part.height / part.width))
      expect(Math.abs(shape)).toBeLessThanOrEqual(
        Math.log1p(slack(content.width, content.height)) + Math.log1p(slack(part.width, part.height)) + 1e-9
      )
    })
  )
})
