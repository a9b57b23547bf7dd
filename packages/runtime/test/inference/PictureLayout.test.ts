import { describe, expect, it } from "@effect/vitest"
import type { ModelInput } from "@vigil/core/Model"
import { makeInputTensor } from "@vigil/runtime/inference/InputTensor"
import { accepts, pictureOf, transformOf } from "@vigil/runtime/inference/PictureLayout"
import * as fc from "effect/FastCheck"

const side = fc.integer({ min: 1, max: 12 }).map((cells) => cells * 32)

const input: fc.Arbitrary<ModelInput> = fc.record({
  name: fc.constant("images"),
  size: fc.record({ width: side, height: side }),
  layout: fc.constantFrom("nchw" as const, "nhwc" as const),
  element: fc.constantFrom("float32" as const, "uint8" as const),
  channels: fc.constantFrom("rgb" as const, "bgr" as const),
  mean: fc.constantFrom([0, 0, 0] as const, [103.5, 116.25, 123.75] as const),
  scale: fc.constantFrom([1, 1, 1] as const, [57.5, 58.25, 255] as const),
  fit: fc.constantFrom("letterbox-top-left" as const, "letterbox-centre" as const, "stretch" as const),
  padding: fc.integer({ min: 0, max: 255 })
})

const source = fc.record({ width: fc.integer({ min: 1, max: 4096 }), height: fc.integer({ min: 1, max: 4096 }) })

describe("PictureLayout", () => {
  it("asks for pictures that it accepts, that fit, and that keep the aspect ratio", () => {
    fc.assert(
      fc.property(input, source, fc.boolean(), (input, source, flexible) => {
        const picture = pictureOf(input, source, flexible)
        expect(accepts(input, picture, flexible)).toBe(true)
        expect((picture.input.width % 32) + (picture.input.height % 32)).toBe(0)
        const { content } = transformOf(input, picture, source)
        expect(content.x + content.width).toBeLessThanOrEqual(picture.input.width)
        expect(content.y + content.height).toBeLessThanOrEqual(picture.input.height)
        if (input.fit === "stretch") expect(picture.content).toEqual(input.size)
        if (!flexible || input.fit === "stretch") expect(picture.input).toEqual(input.size)
        if (input.fit === "stretch") return
        const scale = Math.min(input.size.width / source.width, input.size.height / source.height)
        expect(Math.abs(content.width - source.width * scale)).toBeLessThanOrEqual(1)
        expect(Math.abs(content.height - source.height * scale)).toBeLessThanOrEqual(1)
      })
    )
  })

  it("fills tensors as the model's input says, padding included", () => {
    fc.assert(
      fc.property(
        input,
        fc.record({ width: fc.integer({ min: 8, max: 500 }), height: fc.integer({ min: 8, max: 500 }) }),
        fc.integer({ min: 0, max: 255 }),
        (input, source, start) => {
          const picture = pictureOf(input, source, true)
          const {
            content,
            target: { width, height }
          } = transformOf(input, picture, source)
          const tensor = makeInputTensor(input, picture.input)
          const pixel = (at: number) => (start + at * 31) % 256
          const pixels = new Uint8Array(content.width * content.height * 3).map((_, at) => pixel(at))
          // A picture somewhere else first: what it leaves behind must be overwritten.
          const elsewhere = { x: 0, y: 0, width: 4, height: 8 }
          tensor.fill(new Uint8Array(96).fill(77), elsewhere)
          tensor.fill(pixels, content)
          for (let probe = 0; probe < 60; probe++) {
            const x = (probe * 7919) % width
            const y = (probe * 104729) % height
            const channel = probe % 3
            const inside = x >= content.x && x < content.x + content.width && y >= content.y && y < content.y + content.height
            const value = inside ? pixel(((y - content.y) * content.width + x - content.x) * 3 + channel) : input.padding
            const expected = input.element === "uint8" ? value : (value - input.mean[channel]) / input.scale[channel]
            const at = input.layout === "nchw" ? (channel * height + y) * width + x : (y * width + x) * 3 + channel
            expect(tensor.data[at]).toBeCloseTo(expected, 3)
          }
        }
      ),
      { numRuns: 60 }
    )
  })
})
