import { describe, expect, it } from "@effect/vitest"
import { SignInThrottle } from "@vigil/api/auth/SignInThrottle"
import { Effect, TestClock } from "effect"

const wrong = (account: string, address: string) =>
  Effect.flatMap(SignInThrottle, ({ attempt }) => attempt(account, address, Effect.fail("wrong" as const), () => true)).pipe(
    Effect.flip,
    Effect.map((error) => (typeof error === "string" ? error : error.retryAfter))
  )

const right = (account: string, address: string) =>
  Effect.flatMap(SignInThrottle, ({ attempt }) => attempt(account, address, Effect.void, () => true))

describe("sign-in throttling", () => {
  it.effect("makes an account wait ever longer after five wrong attempts from one address", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 6; i++) expect(yield* wrong("root", "a")).toBe("wrong")
      expect(yield* wrong("ROOT", "a")).toBe(2)
      yield* TestClock.adjust("2 seconds")
      expect(yield* wrong("root", "a")).toBe("wrong")
      expect(yield* wrong("root", "a")).toBe(4)
      yield* TestClock.adjust("1 hour")
      expect(yield* wrong("root", "a")).toBe("wrong")
    }).pipe(Effect.provide(SignInThrottle.layer))
  )

  it.effect("does not lock the account's owner out elsewhere", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 20; i++) yield* wrong("root", "attacker")
      yield* right("root", "owner")
    }).pipe(Effect.provide(SignInThrottle.layer))
  )

  it.effect("forgets wrong attempts once one is right, and never counts right ones", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 20; round++) {
        for (let i = 0; i < 1; i++) yield* wrong("root", "a")
        yield* right("root", "a")
      }
      for (let i = 0; i < 200; i++) yield* right("root", "b")
    }).pipe(Effect.provide(SignInThrottle.layer))
  )

  it.effect("limits an address over all accounts", () =>
    Effect.gen(function* () {
      for (let i = 0; i <= 30; i++) expect(yield* wrong(`account-${i}`, "a")).toBe("wrong")
      expect(yield* wrong("one-more", "a")).toBe(2)
      expect(yield* wrong("one-more", "b")).toBe("wrong")
    }).pipe(Effect.provide(SignInThrottle.layer))
  )

  it.effect("counts attempts that run at the same time", () =>
    Effect.gen(function* () {
      const { attempt } = yield* SignInThrottle
      const slow = Effect.zipRight(Effect.yieldNow(), Effect.fail("wrong" as const))
      const results = yield* Effect.replicateEffect(Effect.flip(attempt("root", "a", slow, () => true)), 50, {
        concurrency: "unbounded"
      })
      expect(results.filter((error) => error === "wrong")).toHaveLength(6)
    }).pipe(Effect.provide(SignInThrottle.layer))
  )
})
