import type { FrameInfo } from "@vigil/core/Observation"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"

export interface Scene {
  readonly width: number
  readonly height: number
}

/** Repeatable noise, 0..1. */
export const noise = (seed: number): (() => number) => {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** A textured wall, seen by a sensor with some noise. */
export const wall = ({ height, width }: Scene, random: () => number, brightness = 0): Uint8Array => {
  const plane = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) plane[y * width + x] = 90 + brightness + (((x >> 4) + (y >> 4)) % 2) * 50 + random() * 6
  }
  return plane
}

export const paint = (
  plane: Uint8Array,
  { width }: Scene,
  x: number,
  y: number,
  across: number,
  down: number,
  value: number
): void => {
  for (let line = y; line < y + down; line++) plane.fill(value, line * width + x, line * width + x + across)
}

export const frameAt = (seconds: number, width: number, height: number): FrameInfo => ({
  frame: Math.round(seconds * 5),
  size: { width, height },
  mediaTime: mediaTime(seconds * 1_000_000),
  wallTime: wallTime(seconds * 1000),
  wallClockOrigin: "receive",
  received: monotonicTime(seconds * 1000)
})
