import { contains } from "@vigil/core/geometry/Polygon"
import type { Zone } from "@vigil/core/geometry/Zone"

/** 1 for each pixel that counts, 0 for those whose centre lies in an ignored zone. */
export const motionMask = (width: number, height: number, ignored: ReadonlyArray<Zone>): Uint8Array => {
  const mask = new Uint8Array(width * height).fill(1)
  for (const { polygon } of ignored) {
    const left = Math.max(0, Math.floor(Math.min(...polygon.map(({ x }) => x)) * width))
    const right = Math.min(width, Math.ceil(Math.max(...polygon.map(({ x }) => x)) * width))
    const top = Math.max(0, Math.floor(Math.min(...polygon.map(({ y }) => y)) * height))
    const bottom = Math.min(height, Math.ceil(Math.max(...polygon.map(({ y }) => y)) * height))
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        if (contains(polygon, { x: (x + 0.5) / width, y: (y + 0.5) / height })) mask[y * width + x] = 0
      }
    }
  }
  return mask
}
