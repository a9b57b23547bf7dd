/** Times in milliseconds, shares from 0 to 1. */
export interface BalancePolicy {
  /** How long a node must be over its budget before it counts as full. */
  readonly fullAfter: number
  /** The share of its budget that a node must come under to take cameras again, and up to which others fill it. */
  readonly relaxed: number
  /** The share of its budget up to which a node takes cameras that run nowhere else. */
  readonly urgent: number
  /** The share of its cameras that a full node gives away at a time. */
  readonly batch: number
  /** Between two batches of a full node: longer than the average of its load needs to tell the effect of the last one. */
  readonly calm: number
  /** Between two looks for cameras that have to go anyway, and until what was given away is seen in the taker's report. */
  readonly settle: number
  /** How many cameras that have to go anyway leave at a time. */
  readonly urgentBatch: number
  /** How long a camera that was moved stays where it is; twice as long after each further move, up to the limit. */
  readonly rest: number
  readonly restLimit: number
  /** How long nothing is given to a node that did not start what it was given. */
  readonly avoid: number
}

export const defaultBalancePolicy: BalancePolicy = {
  fullAfter: 10_000,
  relaxed: 0.85,
  urgent: 0.95,
  batch: 0.1,
  calm: 30_000,
  settle: 3000,
  urgentBatch: 32,
  rest: 300_000,
  restLimit: 86_400_000,
  avoid: 60_000
}
