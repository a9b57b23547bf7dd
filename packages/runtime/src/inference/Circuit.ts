/** Keeps a model that fails again and again from taking the threads' time. Times in milliseconds of one monotonic clock. */
export interface Circuit {
  /** Failures since the last success. */
  readonly failures: number
  /** No run before then. */
  readonly openUntil: number
}

export const closedCircuit: Circuit = { failures: 0, openUntil: Number.NEGATIVE_INFINITY }

/** So many failures in a row are forgiven before runs pause for one second, then two, four, ... up to a minute. */
const tolerated = 2
const firstPause = 1000
const longestPause = 60_000

export const afterFailure = (circuit: Circuit, now: number): Circuit => {
  const failures = circuit.failures + 1
  if (failures <= tolerated) return { failures, openUntil: circuit.openUntil }
  return { failures, openUntil: now + Math.min(longestPause, firstPause * 2 ** Math.min(16, failures - tolerated - 1)) }
}

/** A run that never came back: no forgiveness. */
export const afterHang = (now: number): Circuit => ({ failures: tolerated + 7, openUntil: now + longestPause })

/** Milliseconds until the model may run again; 0 when it may now. */
export const pause = (circuit: Circuit, now: number): number => Math.max(0, circuit.openUntil - now)
