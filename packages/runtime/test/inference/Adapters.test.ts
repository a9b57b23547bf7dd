import { describe, expect, it } from "@effect/vitest"
import type { ModelAdapter } from "@vigil/core/Model"
import { adapters } from "@vigil/runtime/inference/adapter/Adapters"
import { cellsOf, gridOf, type RawOutput, strides } from "@vigil/runtime/inference/adapter/OutputAdapter"
import { CandidateBuffer } from "@vigil/runtime/inference/CandidateBuffer"
import * as fc from "effect/FastCheck"

const input = { width: 96, height: 64 }
const classes = 3

const output = (name: string, ...dims: ReadonlyArray<number>): RawOutput => ({
  name,
  dims,
  data: new Float32Array(dims.reduce((size, dim) => size * dim, 1))
})

const outputsOf: Record<ModelAdapter, () => ReadonlyArray<RawOutput>> = {
  yolox: () => [output("output", 1, cellsOf(input), 5 + classes)],
  yolov5: () => [output("output0", 1, cellsOf(input) * 3, 5 + classes)],
  yolov8: () => [output("output0", 1, 4 + classes, cellsOf(input))],
  nanodet: () =>
    strides.flatMap((stride) => {
      const { columns, rows } = gridOf(input, stride)
      return [output(`dis_${stride}`, 1, columns * rows, 32), output(`cls_${stride}`, 1, columns * rows, classes)]
    })
}

const wild = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e38, -1e38, 0, 0.5, 1))

describe("adapters", () => {
  for (const family of ["yolox", "yolov5", "yolov8", "nanodet"] as const) {
    const adapter = adapters[family]

    it(`${family} accepts its own shapes and refuses those of the others`, () => {
      for (const other of ["yolox", "yolov5", "yolov8", "nanodet"] as const) {
        // A YOLOX with its decoding in the graph has the shape of one without: only the operators tell them apart.
        const alike = other === family || (family === "yolov5" && other === "yolox")
        expect([other, adapter.matches(outputsOf[other](), input, classes)]).toEqual([other, alike])
      }
      expect(adapter.matches(outputsOf[family](), { width: 128, height: 64 }, classes)).toBe(false)
      expect(adapter.matches(outputsOf[family](), input, classes + 1)).toBe(false)
      expect(adapter.matches([], input, classes)).toBe(false)
    })

    it(`${family} gives only numbers, scores of at least the threshold and classes that exist, whatever a model says`, () => {
      fc.assert(
        fc.property(
          fc.array(wild, { minLength: 1, maxLength: 64 }),
          fc.double({ min: 0.01, max: 1, noNaN: true }),
          (values, threshold) => {
            const outputs = outputsOf[family]()
            for (const { data } of outputs) for (let at = 0; at < data.length; at++) data[at] = values[(at * 31) % values.length]
            const candidates = new CandidateBuffer(50)
            adapter.decode(outputs, input, classes, threshold, candidates)
            expect(candidates.count).toBeLessThanOrEqual(50)
            for (let at = 0; at < candidates.count; at++) {
              expect(candidates.boxes.subarray(at * 4, at * 4 + 4).every(Number.isFinite)).toBe(true)
              expect(candidates.scores[at]).toBeGreaterThanOrEqual(Math.fround(threshold) - 1e-6)
              expect(candidates.classes[at]).toBeGreaterThanOrEqual(0)
              expect(candidates.classes[at]).toBeLessThan(classes)
            }
          }
        )
      )
    })
  }

  it("keep what the buffer already holds when it grows", () => {
    const candidates = new CandidateBuffer()
    for (let at = 0; at < 1000; at++) candidates.add(at, at, at + 1, at + 1, 0.5, at % 7)
    expect(candidates.count).toBe(1000)
    for (let at = 0; at < 1000; at++) expect([candidates.boxes[at * 4], candidates.classes[at]]).toEqual([at, at % 7])
  })
})
