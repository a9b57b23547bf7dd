/** How waiting times between attempts grow. All times in milliseconds. */
export interface BackoffPolicy {
  /** Upper limit of the first wait. */
  readonly base: number
  /** Upper limit of every wait. */
  readonly cap: number
  /** How much the upper limit grows from one failure to the next. */
  readonly factor: number
  /** Lower limit of every wait, so that chance cannot make an attempt follow at once. */
  readonly floor: number
}

/** The longest that may be waited after `failures` failures in a row (1 for the first). */
export const ceiling = (policy: BackoffPolicy, failures: number): number => {
  const grown = policy.base * policy.factor ** Math.max(0, failures - 1)
  return Math.max(policy.floor, Math.min(policy.cap, grown))
}

/**
 * Milliseconds to wait after `failures` failures in a row: capped exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), spread evenly from the floor to the ceiling so that
 * cameras that failed together do not come back together. `random` is 0..1.
 */
export const delay = (policy: BackoffPolicy, failures: number, random: number): number =>
  policy.floor + (ceiling(policy, failures) - policy.floor) * Math.min(1, Math.max(0, random))
