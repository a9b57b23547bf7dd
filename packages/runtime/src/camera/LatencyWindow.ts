/** Keeps the newest samples and answers percentiles of them. */
export interface LatencyWindow {
  readonly add: (milliseconds: number) => void
  /** Undefined before the first sample. `share` is 0.5 for the median. */
  readonly percentile: (share: number) => number | undefined
  readonly samples: () => ReadonlyArray<number>
}

export const makeLatencyWindow = (capacity = 512): LatencyWindow => {
  /** There once there is a sample: most cameras of a large node have no detector. */
  let ring: Float64Array | undefined
  let count = 0
  const samples = () => (ring === undefined ? [] : [...ring.subarray(0, Math.min(count, capacity))])
  return {
    add: (milliseconds) => {
      ring ??= new Float64Array(capacity)
      ring[count % capacity] = milliseconds
      count++
    },
    percentile: (share) => percentile(samples(), share),
    samples
  }
}

/** The nearest-rank percentile; undefined of nothing. */
export const percentile = (samples: ReadonlyArray<number>, share: number): number | undefined => {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
