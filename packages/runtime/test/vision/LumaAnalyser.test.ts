import { describe, expect, it } from "@effect/vitest"
import { Zone } from "@vigil/core/geometry/Zone"
import type { LumaObservation } from "@vigil/core/Observation"
import { type LumaAnalyser, lumaSize, makeLumaAnalyser } from "@vigil/runtime/vision/LumaAnalyser"
import * as fc from "effect/FastCheck"
import { frameAt, noise, paint, wall } from "../material/Luma.js"

const scene = { width: 320, height: 240 }
const source = { width: 640, height: 480 }

interface Watch {
  readonly analyser: LumaAnalyser
  /** Shows one frame every 200 ms. */
  readonly show: (make: (plane: Uint8Array, frame: number) => void, frames: number, brightness?: number) => LumaObservation
}

const watch = (ignored: ReadonlyArray<Zone> = [], sensitivity = 0.5): Watch => {
  const analyser = makeLumaAnalyser({ plane: scene, ignored, sensitivity })
  const random = noise(7)
  const walls = new Map<number, ReadonlyArray<Uint8Array>>()
  /** Noise repeats after some frames: a model of the background does not notice, and drawing takes longer than looking. */
  const wallAt = (brightness: number, shown: number): Uint8Array => {
    const drawn = walls.get(brightness) ?? Array.from({ length: 7 }, () => wall(scene, random, brightness))
    walls.set(brightness, drawn)
    return drawn[shown % drawn.length].slice()
  }
  let frame = 0
  return {
    analyser,
    show: (make, frames, brightness = 0) => {
      let observation: LumaObservation | undefined
      for (let shown = 0; shown < frames; shown++, frame++) {
        const plane = wallAt(brightness, frame)
        make(plane, shown)
        observation = analyser.analyse(plane, frameAt(frame / 5, source.width, source.height))
      }
      if (observation === undefined) throw new Error("no frame was shown")
      return observation
    }
  }
}

const nothing = () => undefined

describe("motion", () => {
  it("finds a moving square where it is, in source pixels", () => {
    const { show } = watch()
    expect(show(nothing, 5).motion.settled).toBe(false)
    const quiet = show(nothing, 25).motion
    expect(quiet).toEqual({ area: 0, regions: [], settled: true })
    for (const x of [20, 60, 100, 140, 180]) {
      const { motion } = show((plane) => paint(plane, scene, x, 80, 40, 48, 230), 1)
      expect(motion.regions).toHaveLength(1)
      const [box] = motion.regions
      expect(Math.abs(box.x - x * 2)).toBeLessThanOrEqual(8)
      expect(Math.abs(box.y - 160)).toBeLessThanOrEqual(8)
      expect(Math.abs(box.width - 80)).toBeLessThanOrEqual(16)
      expect(Math.abs(box.height - 96)).toBeLessThanOrEqual(16)
      expect(motion.area).toBeCloseTo((40 * 48) / (320 * 240), 2)
    }
  })

  it("tells two squares apart, the larger one first", () => {
    const { show } = watch()
    show(nothing, 30)
    const { regions } = show((plane) => {
      paint(plane, scene, 20, 20, 24, 24, 230)
      paint(plane, scene, 200, 100, 60, 60, 20)
    }, 1).motion
    expect(regions).toHaveLength(2)
    expect(regions[0].x).toBeGreaterThan(380)
    expect(regions[1].x).toBeLessThan(60)
  })

  it("sees somebody who stands still for a while, and in the end takes them as background", () => {
    const { show } = watch()
    show(nothing, 30)
    const standing = (plane: Uint8Array) => paint(plane, scene, 100, 60, 30, 90, 230)
    expect(show(standing, 5 * 20).motion.regions.length).toBeGreaterThan(0)
    expect(show(standing, 5 * 240).motion.regions).toEqual([])
  })

  it("does not count what moves in an ignored zone, and measures the area against the rest", () => {
    const left = new Zone({
      name: "street",
      polygon: [
        { x: 0, y: 0 },
        { x: 0.5, y: 0 },
        { x: 0.5, y: 1 },
        { x: 0, y: 1 }
      ]
    })
    const { show } = watch([left])
    show(nothing, 30)
    expect(show((plane) => paint(plane, scene, 40, 80, 60, 60, 230), 1).motion).toEqual({ area: 0, regions: [], settled: true })
    const { area, regions } = show((plane) => paint(plane, scene, 200, 80, 60, 60, 230), 1).motion
    expect(regions).toHaveLength(1)
    expect(area).toBeCloseTo(3600 / (160 * 240), 2)
  })

  it("is not settled after a light was switched, then learns the new picture", () => {
    const { show } = watch()
    show(nothing, 30)
    const switched = show((plane) => plane.fill(20), 1).motion
    expect(switched.settled).toBe(false)
    expect(switched.regions).toEqual([])
    expect(show((plane) => plane.fill(20), 15).motion).toEqual({ area: 0, regions: [], settled: true })
  })

  it("follows an exposure that drifts", () => {
    const { show } = watch()
    show(nothing, 30)
    for (let brightness = 0; brightness < 60; brightness += 3) {
      const { motion } = show(nothing, 1, brightness)
      expect(motion).toEqual({ area: 0, regions: [], settled: true })
    }
  })

  it("learns that a place flickers", () => {
    const { show } = watch()
    const flicker = (plane: Uint8Array, shown: number) => paint(plane, scene, 50, 50, 60, 60, shown % 2 === 0 ? 60 : 110)
    show(flicker, 5 * 60)
    expect(show(flicker, 20).motion.regions).toEqual([])
  })

  it("sees weaker changes when it is more sensitive", () => {
    const faint = (plane: Uint8Array) => {
      for (let y = 60; y < 140; y++) for (let x = 100; x < 160; x++) plane[y * scene.width + x] += 16
    }
    const seen = [0, 1].map((sensitivity) => {
      const { show } = watch([], sensitivity)
      show(nothing, 30)
      return show(faint, 1).motion.regions.length
    })
    expect(seen[0]).toBe(0)
    expect(seen[1]).toBeGreaterThan(0)
  })

  it("keeps regions inside the picture and shares between 0 and 1, whatever is shown", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 20 }).map((quarter) => quarter * 4),
        fc.integer({ min: 16, max: 60 }),
        fc.array(fc.integer(), { minLength: 12, maxLength: 12 }),
        fc.integer({ min: 16, max: 4000 }),
        (width, height, seeds, across) => {
          const analyser = makeLumaAnalyser({ plane: { width, height }, ignored: [], sensitivity: 1 })
          seeds.forEach((seed, index) => {
            const random = noise(seed)
            const plane = Uint8Array.from({ length: width * height }, () => (seed % 3 === 0 ? 128 : random() * 256))
            const { deviation, difference, edgesKept, mean, motion, sharpness } = analyser.analyse(
              plane,
              frameAt(index, across, 500)
            )
            for (const share of [difference, edgesKept, motion.area]) {
              expect(share).toBeGreaterThanOrEqual(0)
              expect(share).toBeLessThanOrEqual(1)
            }
            for (const value of [mean, deviation, sharpness]) expect(Number.isFinite(value) && value >= 0).toBe(true)
            expect(motion.regions.length).toBeLessThanOrEqual(16)
            for (const box of motion.regions) {
              expect(box.x).toBeGreaterThanOrEqual(0)
              expect(box.y).toBeGreaterThanOrEqual(0)
              expect(box.x + box.width).toBeLessThanOrEqual(across + 1e-6)
              expect(box.y + box.height).toBeLessThanOrEqual(500 + 1e-6)
            }
          })
        }
      ),
      { numRuns: 30 }
    )
  })
})

describe("what tells of tampering", () => {
  it("differs by exactly nothing on a frozen picture, by something on a live one", () => {
    const analyser = makeLumaAnalyser({ plane: scene, ignored: [], sensitivity: 0.5 })
    const plane = wall(scene, noise(1))
    analyser.analyse(plane, frameAt(0, 640, 480))
    expect(analyser.analyse(plane, frameAt(0.2, 640, 480)).difference).toBe(0)
    expect(analyser.analyse(wall(scene, noise(2)), frameAt(0.4, 640, 480)).difference).toBeGreaterThan(0.3)
  })

  it("loses sharpness and edges when the lens is covered, and gets them back", () => {
    const { show } = watch()
    const before = show(nothing, 150)
    expect(before.edgesKept).toBeGreaterThan(0.95)
    const covered = show((plane) => plane.fill(12), 20)
    expect(covered.edgesKept).toBeLessThan(0.05)
    expect(covered.sharpness).toBeLessThan(before.sharpness / 20)
    expect(covered.mean).toBe(12)
    expect(covered.deviation).toBe(0)
    expect(show(nothing, 30).edgesKept).toBeGreaterThan(0.95)
  })

  it("keeps the edges when light changes and when somebody walks through", () => {
    const { show } = watch()
    show(nothing, 150)
    expect(show(nothing, 20, 60).edgesKept).toBeGreaterThan(0.9)
    expect(show((plane) => paint(plane, scene, 100, 40, 40, 120, 200), 1).edgesKept).toBeGreaterThan(0.85)
  })

  it("loses edges when the camera is turned", () => {
    const { show } = watch()
    show(nothing, 150)
    const turned = show((plane) => {
      const copy = plane.slice()
      for (let y = 0; y < scene.height; y++) {
        for (let x = 0; x < scene.width; x++)
          plane[y * scene.width + x] = copy[((y + 7) % scene.height) * scene.width + ((x + 8) % scene.width)]
      }
    }, 5)
    expect(turned.edgesKept).toBeLessThan(0.4)
  })
})

describe("the size of the luma plane", () => {
  it.each([
    [
      { width: 640, height: 480 },
      { width: 320, height: 240 }
    ],
    [
      { width: 1920, height: 1080 },
      { width: 320, height: 180 }
    ],
    [
      { width: 480, height: 640 },
      { width: 180, height: 240 }
    ],
    [
      { width: 178, height: 100 },
      { width: 180, height: 100 }
    ],
    [
      { width: 8, height: 8 },
      { width: 16, height: 16 }
    ]
  ])("of %j is %j", (size, expected) => {
    expect(lumaSize(size)).toEqual(expected)
  })
})
