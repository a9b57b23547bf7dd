import type { AnalyticInput } from "@vigil/core/Analytic"
import type { LumaObservation } from "@vigil/core/Observation"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"
import type { Track } from "@vigil/core/Track"

const size = { width: 640, height: 480 }

/** A quiet street by day, `seconds` into the stream. */
export const luma = (seconds: number, changes: Partial<Omit<LumaObservation, "_tag" | "frame">> = {}): AnalyticInput => ({
  _tag: "Luma",
  observation: {
    _tag: "Luma",
    frame: {
      frame: Math.round(seconds * 5),
      size,
      mediaTime: mediaTime(seconds * 1_000_000),
      wallTime: wallTime(seconds * 1000),
      wallClockOrigin: "receive",
      received: monotonicTime(seconds * 1000)
    },
    mean: 110,
    deviation: 48,
    sharpness: 420,
    edgesKept: 0.97,
    difference: 0.004,
    motion: { area: 0, regions: [], settled: true },
    ...changes
  }
})

/** A confirmed person of 40x100 pixels whose foot is at (`x`, `y`), both 0..1 of the picture. */
export const person = (id: number, x: number, y: number, changes: Partial<Track> = {}): Track => ({
  id,
  label: "person",
  confidence: 0.8,
  box: { x: x * size.width - 20, y: y * size.height - 100, width: 40, height: 100 },
  velocity: { x: 0, y: 0 },
  state: "confirmed",
  firstSeen: mediaTime(0),
  lastSeen: mediaTime(0),
  hits: 5,
  ...changes
})

export const tracks = (seconds: number, ...present: ReadonlyArray<Track>): AnalyticInput => ({
  _tag: "Tracks",
  mediaTime: mediaTime(seconds * 1_000_000),
  wallTime: wallTime(seconds * 1000),
  size,
  tracks: present
})
