import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { SourceStatistics } from "@vigil/core/Source"

/** Counts what a file or device gave; rates are over the last five seconds of media time. */
export interface DemuxStatistics {
  readonly count: (unit: AccessUnit) => void
  readonly read: () => SourceStatistics
}

const windowLength = 5_000_000

export const makeDemuxStatistics = (): DemuxStatistics => {
  const totals = { bytes: 0, packets: 0, accessUnits: 0, damagedAccessUnits: 0, keyframes: 0 }
  const recent: Array<{ readonly time: number; readonly bytes: number; readonly video: boolean }> = []
  return {
    count: (unit) => {
      const bytes = byteLength(unit)
      const video = unit.kind === "video"
      totals.bytes += bytes
      totals.packets++
      totals.accessUnits++
      if (unit.damaged) totals.damagedAccessUnits++
      if (video && unit.keyframe) totals.keyframes++
      recent.push({ time: unit.mediaTime, bytes, video })
      while (recent.length > 1 && unit.mediaTime - (recent[0]?.time ?? 0) > windowLength) recent.shift()
    },
    read: () => {
      const first = recent[0]?.time ?? 0
      const seconds = ((recent.at(-1)?.time ?? 0) - first) / 1_000_000
      const rate = (sum: number) => (seconds > 0 ? sum / seconds : 0)
      return {
        ...totals,
        packetsLost: 0,
        packetsReordered: 0,
        // The newest unit only marks the end of the last one's duration.
        bitrate: rate(recent.slice(0, -1).reduce((sum, { bytes }) => sum + bytes * 8, 0)),
        framesPerSecond: rate(Math.max(0, recent.filter(({ video }) => video).length - 1)),
        jitter: 0
      }
    }
  }
}
