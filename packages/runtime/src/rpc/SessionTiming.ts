/** How quickly the two ends of a session notice what happened to the other; milliseconds. */
export interface SessionTiming {
  /** Between two signs of life. NATS tells at the next one when the other end is gone. */
  readonly ping: number
  /** Without a sign of life for so long, the other end counts as gone: it stands still, or the network between does. */
  readonly silence: number
  /** How long asking for a session may take. */
  readonly connect: number
  /** So soon after our connection to NATS was made, others may still be making theirs: that nobody is there is not believed yet. */
  readonly settle: number
}

export const defaultTiming: SessionTiming = { ping: 500, silence: 3000, connect: 2000, settle: 1000 }

/** Bytes of the longest message, in pieces where NATS takes no longer ones. */
export const defaultMessageLimit = 16 * 1024 * 1024

/** Bytes of half-received messages of all sessions together. */
export const assemblyLimit = 64 * 1024 * 1024

/**
 * Tells whether a timer came about when it should. A process that stood still itself has not heard of others, which says nothing about them.
 */
export const makePunctuality = (interval: number): (() => boolean) => {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const late = now - last > interval * 2
    last = now
    return !late
  }
}
