import type { BoundingBox, Size } from "@vigil/core/geometry/BoundingBox"
import type { Point } from "@vigil/core/geometry/Point"
import * as fc from "effect/FastCheck"

/** Evenly spread, which `fc.double` is not: most doubles are tiny. */
export const decimal = (minimum: number, maximum: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 1_000_000 }).map((n) => minimum + ((maximum - minimum) * n) / 1_000_000)

/** On a grid, so that touching, collinear and coinciding places come up often. */
export const share = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000)

export const point: fc.Arbitrary<Point> = fc.record({ x: share, y: share })

export const size: fc.Arbitrary<Size> = fc.record({
  width: fc.integer({ min: 16, max: 4096 }),
  height: fc.integer({ min: 16, max: 2304 })
})

/** A box of at least one pixel inside a picture. */
export const boxIn = (within: Size): fc.Arbitrary<BoundingBox> =>
  fc.tuple(share, share, share, share).map(([x, y, w, h]) => {
    const left = x * (within.width - 1)
    const top = y * (within.height - 1)
    return { x: left, y: top, width: 1 + w * (within.width - 1 - left), height: 1 + h * (within.height - 1 - top) }
  })

/** A simple polygon, mostly concave: corners at random distances around (0.5, 0.5), in order of their angle. */
export const starPolygon: fc.Arbitrary<ReadonlyArray<Point>> = fc
  .array(decimal(0.05, 0.49), { minLength: 3, maxLength: 24 })
  .map((radii) =>
    radii.map((radius, index) => {
      const angle = (2 * Math.PI * index) / radii.length
      return { x: 0.5 + radius * Math.cos(angle), y: 0.5 + radius * Math.sin(angle) }
    })
  )
