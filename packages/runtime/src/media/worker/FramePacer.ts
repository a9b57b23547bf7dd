import type { MediaTime } from "@vigil/core/Time"

/** Picks frames so that at most so many a second are taken, evenly, whatever the source's rate. */
export interface FramePacer {
  /** Whether the frame of that time is due; if so, it counts as taken. */
  readonly take: (time: MediaTime) => boolean
}

export const makeFramePacer = (framesPerSecond: number): FramePacer => {
  const interval = 1_000_000 / framesPerSecond
  // Jitter of the time stamps must not cost a frame.
  const early = interval * 0.1
  let next: number | undefined
  return {
    take: (time) => {
      // A step back of the media time (a file that starts again) begins a new rhythm.
      if (next === undefined || time < next - 2 * interval) next = time
      if (time < next - early) return false
      next = time > next + interval ? time + interval : next + interval
      return true
    }
  }
}
