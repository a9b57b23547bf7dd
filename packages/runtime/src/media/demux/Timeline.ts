import type { MediaTime } from "@vigil/core/Time"

/** A packet's times in microseconds, as its container gives them. */
export interface PacketTimes {
  readonly presentation: number | undefined
  readonly decoding: number | undefined
  readonly duration: number
}

export interface PlacedTimes {
  readonly mediaTime: MediaTime
  /** Decoding time on the same line. */
  readonly due: number
}

/**
 * Puts the packets of all streams on one line that begins at 0 with the first packet, goes on when the container's clock jumps or wraps, and
 * goes on when the file starts again.
 */
export interface Timeline {
  readonly place: (stream: number, times: PacketTimes) => PlacedTimes
  /** The file starts again from its beginning. */
  readonly restart: () => void
}

interface StreamLine {
  offset: number
  /** Where the next packet is expected. */
  next: number
}

/** Microseconds that a clock may go back, or leave out, before that counts as a jump. */
const back = 1_000_000
const gap = 10_000_000
/** Streams that jump together may be so far apart and still share their new offset. */
const together = 2_000_000

// Not core's constructor: see MonotonicClock.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand is put on
const toMediaTime = (microseconds: number): MediaTime => microseconds as MediaTime

export const makeTimeline = (): Timeline => {
  const lines = new Map<number, StreamLine>()
  /** Newest offset of any stream. */
  let shared: number | undefined
  /** Where the line goes on after a restart. */
  let end: number | undefined

  const begin = (decoding: number, presentation: number): number => {
    if (shared === undefined) shared = end === undefined ? -presentation : end - decoding
    return shared
  }

  const afterJump = (decoding: number, expected: number): number => {
    const other = shared ?? 0
    if (Math.abs(decoding + other - expected) <= together) return other
    shared = expected - decoding
    return shared
  }

  return {
    place: (stream, { decoding, duration, presentation }) => {
      const line = lines.get(stream)
      const known = decoding ?? presentation
      if (known === undefined) {
        // Raw streams have no times at all: they follow each other.
        const time = line?.next ?? end ?? 0
        lines.set(stream, { offset: line?.offset ?? 0, next: time + duration })
        return { mediaTime: toMediaTime(time), due: time }
      }
      const shown = presentation ?? known
      let offset = line?.offset ?? begin(known, shown)
      if (line !== undefined) {
        const ahead = known + offset - line.next
        if (ahead < -back || ahead > gap) offset = afterJump(known, line.next)
      }
      const due = Math.max(known + offset, line === undefined ? Number.NEGATIVE_INFINITY : line.next - back)
      lines.set(stream, { offset, next: due + duration })
      return { mediaTime: toMediaTime(Math.max(0, shown + offset)), due }
    },
    restart: () => {
      end = Math.max(0, ...[...lines.values()].map(({ next }) => next))
      shared = undefined
      lines.clear()
    }
  }
}
