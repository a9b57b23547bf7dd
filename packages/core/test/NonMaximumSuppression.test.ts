import { intersectionOverUnion } from "@vigil/core/geometry/BoxGeometry"
import { makeSuppressor, suppress, type SuppressionOptions } from "@vigil/core/NonMaximumSuppression"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { boxIn } from "./geometry/arbitraries.js"

const options: SuppressionOptions = { overlap: 0.45, confidence: 0.1, maxCandidates: 1000, maxKept: 300 }

const detection = fc.record({
  label: fc.constantFrom("person", "car", "dog"),
  confidence: fc.integer({ min: 0, max: 1000 }).map((n) => Math.fround(n / 1000)),
  box: boxIn({ width: 100, height: 100 }).map((b) => ({
    x: Math.round(b.x),
    y: Math.round(b.y),
    width: Math.ceil(b.width),
    height: Math.ceil(b.height)
  }))
})

const labels = ["person", "car", "dog"]

const packed = (detections: ReadonlyArray<typeof detection extends fc.Arbitrary<infer A> ? A : never>) => ({
  boxes: Float32Array.from(detections.flatMap(({ box }) => [box.x, box.y, box.x + box.width, box.y + box.height])),
  scores: Float32Array.from(detections.map((one) => one.confidence)),
  classes: Int32Array.from(detections.map((one) => labels.indexOf(one.label))),
  count: detections.length
})

describe("NonMaximumSuppression", () => {
  it("keeps the best of what overlaps within a class, best first", () => {
    const box = { x: 10, y: 10, width: 20, height: 40 }
    const near = { ...box, x: 12 }
    const found = suppress(
      [
        { label: "person", confidence: 0.5, box },
        { label: "person", confidence: 0.9, box: near },
        { label: "car", confidence: 0.6, box },
        { label: "person", confidence: 0.05, box: { ...box, x: 60 } }
      ],
      options
    )
    expect(found.map((one) => [one.label, one.confidence])).toEqual([
      ["person", 0.9],
      ["car", 0.6]
    ])
    expect(found[0]?.box).toEqual(near)
  })

  it("the typed-array way and the plain way agree, and obey the definition", () => {
    const suppressor = makeSuppressor(options)
    fc.assert(
      fc.property(fc.array(detection, { maxLength: 60 }), (detections) => {
        const kept = [...suppressor.run(packed(detections))].flatMap((i) => detections[i] ?? [])
        expect(kept).toEqual(suppress(detections, options))
        kept.forEach((one, i) => {
          expect(one.confidence).toBeGreaterThanOrEqual(options.confidence)
          expect(one.confidence).toBeLessThanOrEqual(kept[i - 1]?.confidence ?? 1)
          for (const other of kept.slice(0, i)) {
            if (other.label === one.label) expect(intersectionOverUnion(other.box, one.box)).toBeLessThanOrEqual(options.overlap)
          }
        })
        for (const dropped of detections.filter((one) => !kept.includes(one) && one.confidence >= options.confidence)) {
          expect(
            kept.some(
              (one) =>
                one.label === dropped.label &&
                one.confidence >= dropped.confidence &&
                intersectionOverUnion(one.box, dropped.box) > options.overlap
            )
          ).toBe(true)
        }
        expect(suppress(kept, options)).toEqual(kept)
      })
    )
  })

  it("is bounded in candidates and results, and passes over broken numbers", () => {
    const many = Array.from({ length: 50 }, (_, i) => ({
      label: "person",
      confidence: (i + 1) / 100,
      box: { x: i * 100, y: 0, width: 10, height: 10 }
    }))
    expect(suppress(many, { ...options, maxKept: 5 }).map((one) => one.box.x)).toEqual([4900, 4800, 4700, 4600, 4500])
    expect([...makeSuppressor({ ...options, maxKept: 5 }).run(packed(many))]).toEqual([49, 48, 47, 46, 45])
    expect([...makeSuppressor({ ...options, maxCandidates: 3 }).run(packed(many))]).toEqual([49, 48, 47])
    const broken = packed(many.slice(0, 4))
    broken.scores.set([Number.NaN, 0.5, -1, 0.6])
    broken.boxes.set([Number.NaN, 0, 10, 10], 4)
    expect([...makeSuppressor(options).run(broken)]).toEqual([3])
  })

  it("serves frame after frame, larger and smaller ones", () => {
    const suppressor = makeSuppressor(options)
    const frame = (count: number) =>
      packed(
        Array.from({ length: count }, (_, i) => ({
          label: "car",
          confidence: 0.5,
          box: { x: i * 20, y: 0, width: 10, height: 10 }
        }))
      )
    expect(suppressor.run(frame(400))).toHaveLength(300)
    expect([...suppressor.run(frame(2))]).toEqual([0, 1])
    expect(suppressor.run(frame(0))).toHaveLength(0)
  })
})
