/** How many requests a client may make: `burst` at once, and as many again in each `window` seconds, evenly. */
export interface RatePolicy {
  readonly burst: number
  readonly window: number
}

/** What is left for a client after a request. */
export interface RateState {
  readonly allowed: boolean
  /** Requests that it may make now. */
  readonly remaining: number
  /** Whole seconds until it has its full burst again. */
  readonly reset: number
  /** Whole seconds until the next request is allowed; 0 when it is now. */
  readonly retryAfter: number
}

interface Bucket {
  tokens: number
  filledAt: number
}

/** Clients that are remembered; the ones that were quiet for longest are forgotten, which only does them good. */
const mostClients = 20_000

/** Token buckets, one for each client, in memory. `now` in milliseconds. */
export const makeRequestRate = ({ burst, window }: RatePolicy) => {
  const buckets = new Map<string, Bucket>()
  const perMillisecond = burst / (window * 1000)

  const bucketOf = (client: string, now: number): Bucket => {
    const known = buckets.get(client) ?? { tokens: burst, filledAt: now }
    known.tokens = Math.min(burst, known.tokens + (now - known.filledAt) * perMillisecond)
    known.filledAt = now
    // Insertion order is order of the last request.
    buckets.delete(client)
    buckets.set(client, known)
    if (buckets.size > mostClients) {
      const [oldest] = buckets.keys()
      if (oldest !== undefined) buckets.delete(oldest)
    }
    return known
  }

  const secondsUntil = (tokens: number, wanted: number) => Math.max(0, Math.ceil((wanted - tokens) / perMillisecond / 1000))

  const stateOf = ({ tokens }: Bucket, allowed: boolean): RateState => ({
    allowed,
    remaining: Math.floor(tokens),
    reset: secondsUntil(tokens, burst),
    retryAfter: allowed ? 0 : secondsUntil(tokens, 1)
  })

  return {
    /** Whether the client asked before. */
    knows: (client: string): boolean => buckets.has(client),
    /** How it stands with the client, without counting a request. */
    state: (client: string, now: number): RateState => {
      const bucket = bucketOf(client, now)
      return stateOf(bucket, bucket.tokens >= 1)
    },
    /** Counts one request of the client. */
    take: (client: string, now: number): RateState => {
      const bucket = bucketOf(client, now)
      const allowed = bucket.tokens >= 1
      if (allowed) bucket.tokens -= 1
      return stateOf(bucket, allowed)
    }
  }
}

/**
 * Counts each client at an address by the credentials that it comes with, so that people behind one address do not count for each other. Credentials
 * that were refused count for the address: once there are too many, none that were not seen before are looked at.
 */
export const makeVisitorRate = (policy: RatePolicy) => {
  const clients = makeRequestRate(policy)
  const refusals = makeRequestRate(policy)
  return {
    take: (client: string, address: string, now: number): RateState => {
      const refused = clients.knows(client) ? undefined : refusals.state(address, now)
      return refused?.allowed === false ? refused : clients.take(client, now)
    },
    refused: (address: string, now: number): void => void refusals.take(address, now)
  }
}

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), and `Retry-After` (RFC 9110 10.2.3) of a refusal. */
export const rateHeaders = ({ burst, window }: RatePolicy, state: RateState): Record<string, string> => ({
  "ratelimit-policy": `"requests";q=${burst};w=${window}`,
  ratelimit: `"requests";r=${state.remaining};t=${state.reset}`,
  ...(state.allowed ? {} : { "retry-after": String(state.retryAfter) })
})
