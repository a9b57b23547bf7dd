import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type MediaTime, mediaTime, type MonotonicTime } from "@vigil/core/Time"

/** A jump of a source's own time beyond this is a new start of its counter, not a pause, in microseconds. */
const largestJump = 10_000_000

/**
 * Joins the media times of a camera's successive connections, and of jumps within one, to a single line that never goes back and
 * keeps the length of the gaps. Viewers, tracks and segments live on that line.
 */
export interface Timeline {
  /** The next access unit starts a new connection. */
  readonly restart: () => void
  readonly place: (unit: AccessUnit) => AccessUnit
}

export const makeTimeline = (): Timeline => {
  let offset: number | undefined
  let newest = 0
  let newestReceived: MonotonicTime | undefined
  let newestSource = 0

  const rebase = (unit: AccessUnit) => {
    const gap = newestReceived === undefined ? 0 : Math.max(1, Math.round((unit.received - newestReceived) * 1000))
    offset = newest + gap - unit.mediaTime
  }

  return {
    restart: () => {
      offset = undefined
    },
    place: (unit) => {
      if (offset === undefined || Math.abs(unit.mediaTime - newestSource) > largestJump) rebase(unit)
      newestSource = unit.mediaTime
      const placed: MediaTime = mediaTime(unit.mediaTime + (offset ?? 0))
      if (placed > newest) newest = placed
      newestReceived = unit.received
      return placed === unit.mediaTime ? unit : { ...unit, mediaTime: placed }
    }
  }
}
