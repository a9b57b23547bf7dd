import { describe, expect, it } from "@effect/vitest"
import { CameraId, Epoch } from "@vigil/core/Ids"
import { type ClosedSegment, makeSegmenter } from "@vigil/runtime/camera/Segmenter"
import * as fc from "effect/FastCheck"
import { picture, pictures } from "../material/AccessUnits.js"

const id = CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10")
const description = {
  protocol: "file",
  tracks: [{ kind: "video", codec: "h264", width: 640, height: 480, parameterSets: [] }]
} as const

const cut = (count: number, duration: number, overlap: number) => {
  const segmenter = makeSegmenter(id, Epoch.make(1), { duration, overlap })
  const closed: Array<ClosedSegment> = []
  segmenter.onDescription?.(description)
  segmenter.listen({ onClosed: (segment) => closed.push(segment) })
  for (const unit of pictures(count)) void segmenter.onAccessUnit(unit)
  return { segmenter, closed }
}

describe("Segmenter", () => {
  it("closes five seconds of whole groups of pictures, with their access units", () => {
    const { closed } = cut(15 * 21, 5, 0)
    expect(closed.map(({ segment }) => segment.sequence)).toEqual([0, 1, 2, 3])
    expect(closed.map(({ units }) => units.length)).toEqual([75, 75, 75, 75])
    expect(closed[1]?.units[0]).toEqual(picture(75))
    expect(closed[1]?.segment).toMatchObject({
      duration: 5,
      overlap: 0,
      frameCount: 75,
      startsAtKeyframe: true,
      sourceQuality: { resolution: "640x480", codec: "h264" }
    })
  })

  it("gives as many access units as a segment counts, whatever its overlap", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 5 }), (duration, overlap) => {
        for (const { segment, units } of cut(15 * 40, duration, overlap).closed) {
          expect(units).toHaveLength(segment.frameCount)
          expect(units[0]?.keyframe).toBe(true)
          expect(units[0]?.mediaTime).toBe(segment.start)
        }
      })
    )
  })

  it("closes the segment when the source is opened again, and says that it broke off", () => {
    const { closed, segmenter } = cut(40, 5, 1)
    segmenter.onDescription?.(description)
    expect(closed).toHaveLength(1)
    expect(closed[0]?.segment).toMatchObject({ discontinuity: true, frameCount: 40 })
  })

  it("counts without holding access units when nobody listens", () => {
    const segmenter = makeSegmenter(id, Epoch.make(1), { duration: 5, overlap: 0 })
    segmenter.onDescription?.(description)
    for (const unit of pictures(15 * 11)) void segmenter.onAccessUnit(unit)
    expect(segmenter.closed()).toBe(2)
  })

  it("tells somebody who begins to listen only of segments that begin afterwards", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 * 12 }), fc.integer({ min: 0, max: 3 }), (before, overlap) => {
        const segmenter = makeSegmenter(id, Epoch.make(1), { duration: 5, overlap })
        const opened: Array<number> = []
        const closed: Array<ClosedSegment> = []
        segmenter.onDescription?.(description)
        for (const unit of pictures(15 * 30).slice(0, before)) void segmenter.onAccessUnit(unit)
        segmenter.listen({ onOpened: (cut) => opened.push(cut), onClosed: (segment) => closed.push(segment) })
        for (const unit of pictures(15 * 30).slice(before)) void segmenter.onAccessUnit(unit)
        expect(closed.length).toBeGreaterThan(0)
        expect(opened).toHaveLength(closed.length + 1)
        expect(opened[0]).toBeGreaterThanOrEqual(picture(before).mediaTime)
        for (const { segment, units } of closed) expect(units).toHaveLength(segment.frameCount)
      })
    )
  })
})
