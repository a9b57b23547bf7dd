import { correctMotion, predictMotion, startMotion } from "@vigil/core/MotionFilter"
import * as fc from "effect/FastCheck"
import { expect, it } from "vitest"
import { decimal } from "./geometry/arbitraries.js"

const moderate = decimal(-100, 100)

it("learns a constant velocity from places at irregular times", () => {
  fc.assert(
    fc.property(moderate, moderate, fc.array(decimal(0.05, 0.6), { minLength: 20, maxLength: 40 }), (from, velocity, steps) => {
      let motion = startMotion(from, 1, 100)
      let time = 0
      for (const seconds of steps) {
        time += seconds
        motion = correctMotion(predictMotion(motion, seconds, 1), from + velocity * time, 1)
      }
      expect(motion.position).toBeCloseTo(from + velocity * time, -1)
      expect(Math.abs(motion.velocity - velocity)).toBeLessThan(8)
    })
  )
})

it("two short predictions are one long one, and the covariance stays a covariance", () => {
  fc.assert(
    fc.property(moderate, decimal(0, 2), decimal(0, 2), (measured, a, b) => {
      const start = correctMotion(predictMotion(startMotion(0, 2, 10), 0.1, 3), measured, 2)
      const twice = predictMotion(predictMotion(start, a, 3), b, 3)
      const once = predictMotion(start, a + b, 3)
      for (const key of ["position", "velocity", "pp", "pv", "vv"] as const) expect(twice[key]).toBeCloseTo(once[key], 6)
      for (const motion of [start, once, correctMotion(once, measured, 0.5)]) {
        expect(motion.pp).toBeGreaterThan(0)
        expect(motion.vv).toBeGreaterThan(0)
        expect(motion.pp * motion.vv - motion.pv ** 2).toBeGreaterThan(0)
      }
      expect(correctMotion(once, measured, 0.5).pp).toBeLessThan(once.pp)
    })
  )
})
