import { describe, expect, it } from "@effect/vitest"
import { makeEdgeMap } from "@vigil/runtime/vision/EdgeMap"

const width = 64
const height = 48

/** Bars of 8 pixels, moved to the right by `shift`. */
const bars = (shift: number, contrast = 120): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => (Math.floor(((i % width) + width - shift) / 8) % 2) * contrast + 40)

const learnt = () => {
  const edges = makeEdgeMap(width, height)
  edges.learn(
    Int32Array.from(bars(0), (value) => value * 256),
    1,
    30
  )
  return edges
}

describe("EdgeMap", () => {
  it("keeps every edge of the picture that it learnt", () => {
    expect(learnt().kept(bars(0))).toBe(1)
  })

  it("knows nothing before it has learnt", () => {
    expect(makeEdgeMap(width, height).kept(bars(3))).toBe(1)
  })

  it("loses them when the camera is turned or covered", () => {
    expect(learnt().kept(bars(4))).toBeLessThan(0.3)
    expect(learnt().kept(new Uint8Array(width * height).fill(90))).toBe(0)
  })

  it("keeps them when the light gets dimmer", () => {
    expect(learnt().kept(bars(0, 70))).toBe(1)
  })
})
