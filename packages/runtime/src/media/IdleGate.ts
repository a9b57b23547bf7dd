import type { MonotonicTime } from "@vigil/core/Time"

/**
 * Whether a quiet camera's decoder may sleep between key frames. Wakes when access units between key frames become much larger than they
 * usually are (something moves: an encoder spends bits on what changed), or when motion was seen on a key frame.
 */
export interface IdleGate {
  /** Looks at every access unit; true while the decoder should decode them all. */
  readonly see: (bytes: number, keyframe: boolean, time: MonotonicTime) => boolean
  readonly motion: (time: MonotonicTime) => void
}

/** Milliseconds that a decoder stays awake after the last sign of activity, and after its start. */
const awakeFor = 10_000
const awakeAtStart = 5000
/** A surge: so many times the usual size and so many bytes more, this often within the last few access units. */
const surge = { factor: 2, bytes: 300, seen: 2, of: 4 }
/** Access units that the usual size is an average of. */
const memory = 64

export const makeIdleGate = (): IdleGate => {
  let awakeUntil: number | undefined
  let usual: number | undefined
  let recent = 0
  return {
    see: (bytes, keyframe, time) => {
      awakeUntil ??= time + awakeAtStart
      if (!keyframe) {
        const large = usual !== undefined && bytes > usual * surge.factor + surge.bytes
        recent = ((recent << 1) | (large ? 1 : 0)) & ((1 << surge.of) - 1)
        usual = usual === undefined ? bytes : usual + (bytes - usual) / memory
        if (countBits(recent) >= surge.seen) awakeUntil = Math.max(awakeUntil, time + awakeFor)
      }
      return time < awakeUntil
    },
    motion: (time) => {
      awakeUntil = Math.max(awakeUntil ?? 0, time + awakeFor)
    }
  }
}

const countBits = (bits: number): number => {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
