import { Clock, Context, Data, Effect, Layer } from "effect"

/** Too many wrong attempts; another one is looked at after `retryAfter` seconds. */
export class TooManyAttempts extends Data.TaggedError("TooManyAttempts")<{ readonly retryAfter: number }> {
  override get message() {
    return `too many attempts: try again in ${this.retryAfter} s`
  }
}

interface Failures {
  readonly count: number
  readonly last: number
}

/** Wrong attempts that cost nothing, and the wait after the next one, which doubles with each up to the longest. */
interface Limit {
  readonly free: number
  readonly firstWait: number
  readonly longestWait: number
}

/**
 * An account is limited per address, so that a stranger cannot lock somebody out; an address over all accounts, against guessing
 * many; an account over all addresses, against guessing from many, with a short longest wait.
 */
const limits = {
  pair: { free: 5, firstWait: 2_000, longestWait: 15 * 60_000 },
  address: { free: 30, firstWait: 2_000, longestWait: 15 * 60_000 },
  account: { free: 100, firstWait: 500, longestWait: 5_000 }
} satisfies Record<string, Limit>

const forgetAfter = 30 * 60_000
const mostKeys = 20_000

const waitUntil = (limit: Limit, failures: Failures): number => {
  const beyond = failures.count - limit.free
  return beyond <= 0 ? 0 : failures.last + Math.min(limit.firstWait * 2 ** (beyond - 1), limit.longestWait)
}

/** Counts wrong attempts in memory, for this node. */
export class SignInThrottle extends Context.Tag("@vigil/api/SignInThrottle")<
  SignInThrottle,
  {
    /** Fails while the account or the address has to wait; an attempt that goes wrong is counted. */
    readonly attempt: <A, E, R>(
      account: string,
      address: string,
      attempt: Effect.Effect<A, E, R>,
      isWrong: (error: E) => boolean
    ) => Effect.Effect<A, E | TooManyAttempts, R>
  }
>() {
  static readonly layer: Layer.Layer<SignInThrottle> = Layer.sync(SignInThrottle, () => {
    // Insertion order is order of the last failure: the first key is the one to forget.
    const failures = new Map<string, Failures>()

    const current = (key: string, now: number): Failures => {
      const found = failures.get(key)
      return found === undefined || now - found.last > forgetAfter ? { count: 0, last: 0 } : found
    }
    const count = (key: string, now: number) => {
      const { count: before } = current(key, now)
      failures.delete(key)
      failures.set(key, { count: before + 1, last: now })
      if (failures.size <= mostKeys) return
      for (const oldest of failures.keys()) {
        failures.delete(oldest)
        return
      }
    }

    return SignInThrottle.of({
      attempt: (accountName, address, attempt, isWrong) =>
        Effect.gen(function* () {
          const account = accountName.toLowerCase()
          const keys = [
            [`${account} ${address}`, limits.pair],
            [`@${address}`, limits.address],
            [account, limits.account]
          ] as const
          const now = yield* Clock.currentTimeMillis
          const until = Math.max(...keys.map(([key, limit]) => waitUntil(limit, current(key, now))))
          if (until > now) return yield* new TooManyAttempts({ retryAfter: Math.ceil((until - now) / 1000) })
          // Counted before it is known to be wrong: attempts at the same time cannot all be free.
          for (const [key] of keys) count(key, now)
          const forgive = () => {
            for (const [key] of keys) {
              const found = failures.get(key)
              if (found !== undefined) failures.set(key, { count: Math.max(0, found.count - 1), last: found.last })
            }
          }
          return yield* attempt.pipe(
            Effect.tap(() => failures.delete(keys[0][0])),
            Effect.tap(forgive),
            Effect.tapError((error) => Effect.sync(() => isWrong(error) || forgive()))
          )
        })
    })
  })
}
