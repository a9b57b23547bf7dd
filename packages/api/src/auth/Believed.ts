import type { Unauthorized } from "@vigil/core/contract/Principal"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Option } from "effect"
import { hashToken } from "./Token.js"

/** Milliseconds that a secret is believed without asking the store again: how long a revoked one may live on. */
const believed = 1_500
const mostRemembered = 10_000

interface Remembered<A> {
  readonly active: A
  readonly until: number
}

/** How to find what a secret, or a name that was proved, stands for. */
export interface Belief<A> {
  readonly find: (secret: string) => Effect.Effect<Option.Option<A>, StoreUnavailable>
  readonly expiresAt: (active: A) => DateTime.Utc | null
  /** Notes in the store that it is in use, where that note is no longer fresh. */
  readonly noteUse: (active: A) => Effect.Effect<void, StoreUnavailable>
  readonly refusal: Unauthorized
}

/** Secrets that a store knows, asked for with each request: remembered for a moment, and while the store is away. */
export const makeBelieved = <A>({ expiresAt, find, noteUse, refusal }: Belief<A>) => {
  const remembered = new Map<string, Remembered<A>>()

  const remember = (key: string, active: A) => {
    remembered.delete(key)
    remembered.set(key, { active, until: performance.now() + believed })
    if (remembered.size <= mostRemembered) return
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      return
    }
  }

  const isOver = (active: A, now: DateTime.Utc): boolean => {
    const end = expiresAt(active)
    return end !== null && DateTime.lessThan(end, now)
  }

  /** Whose the secret is, now or up to 1.5 s ago; while the store is away, when it was last there. */
  const authenticate = (token: string): Effect.Effect<A, Unauthorized | StoreUnavailable> =>
    Effect.gen(function* () {
      const key = Buffer.from(hashToken(token)).toString("base64")
      const known = remembered.get(key)
      if (known !== undefined && known.until > performance.now()) return known.active
      const found = yield* find(token).pipe(
        // Without the store nobody could have ended it.
        Effect.catchTag("StoreUnavailable", (error) =>
          known === undefined ? Effect.fail(error) : Effect.succeedSome(known.active)
        )
      )
      remembered.delete(key)
      if (Option.isNone(found) || isOver(found.value, yield* DateTime.now)) return yield* refusal
      yield* Effect.catchTag(noteUse(found.value), "StoreUnavailable", () => Effect.void)
      remember(key, found.value)
      return found.value
    })

  return {
    authenticate,
    /** Completes within 4 s after the secret ended. A store that is away ends none. */
    ended: (token: string): Effect.Effect<void> =>
      authenticate(token).pipe(
        Effect.catchTag("StoreUnavailable", () => Effect.void),
        Effect.zipRight(Effect.sleep("2 seconds")),
        Effect.forever,
        Effect.catchTag("Unauthorized", () => Effect.void)
      ),
    /** Forgets what is believed: call it after a secret was ended. */
    forget: Effect.sync(() => remembered.clear())
  }
}
