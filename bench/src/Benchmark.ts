/** One line of `npm run bench`. */
export interface BenchmarkResult {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  /** `ours / peer`. */
  readonly ratio: number
  readonly unit: string
}

/** Rejects with an `Error` that says what is missing on this machine. */
export interface Benchmark {
  readonly name: string
  readonly run: () => Promise<ReadonlyArray<BenchmarkResult>>
}
