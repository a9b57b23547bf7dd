import type { AccessUnit } from "@vigil/core/AccessUnit"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"

/** An H.264 picture of 15 frames a second; every 15th is a key frame. */
export const picture = (index: number, options: Partial<AccessUnit> = {}): AccessUnit => {
  const keyframe = index % 15 === 0
  const milliseconds = Math.round((index * 1000) / 15)
  return {
    track: 0,
    kind: "video",
    units: [Uint8Array.of(keyframe ? 0x65 : 0x41, ...new Uint8Array(99).fill(index & 0xff))],
    keyframe,
    damaged: false,
    mediaTime: mediaTime(milliseconds * 1000),
    wallTime: wallTime(1_700_000_000_000 + milliseconds),
    wallClockOrigin: "receive",
    received: monotonicTime(milliseconds),
    ...options
  }
}

export const pictures = (count: number): ReadonlyArray<AccessUnit> => Array.from({ length: count }, (_, index) => picture(index))
