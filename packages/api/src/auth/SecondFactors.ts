import { inNameOf, inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { SecondFactorStatus } from "@vigil/core/SecondFactor"
import type { User } from "@vigil/core/User"
import { Clock, Context, Data, Effect, Layer, Option, Redacted } from "effect"
import { hashRecoveryCode, isRecoveryCode, newRecoveryCodes } from "./RecoveryCode.js"
import type { Visitor } from "./Sessions.js"
import { SignInThrottle, type TooManyAttempts } from "./SignInThrottle.js"
import { newTotpSecret, stepOfCode, totpUri } from "./Totp.js"

/** The password is right, and a code is needed with it; or the code is not right. */
export class CodeRefused extends Data.TaggedError("CodeRefused")<{ readonly reason: "needed" | "wrong" }> {
  override get message() {
    return this.reason === "needed"
      ? "A code of your authenticator app is needed too, or a recovery code."
      : "The code is wrong, too old, or was used already."
  }
}

/** The tenant wants a second factor of everybody, and the caller has none yet. */
export class SecondFactorLacking extends Data.TaggedError("SecondFactorLacking") {
  override get message() {
    return "Everybody here has to have a second factor: set up yours first (`vigil second-factor enable`, or sign in at the page)."
  }
}

/** A second factor cannot be set up or changed in this state. */
export class SecondFactorRefused extends Data.TaggedError("SecondFactorRefused")<{
  readonly reason: "exists" | "missing" | "not-offered" | "operator" | "required"
}> {
  override get message() {
    switch (this.reason) {
      case "exists":
        return "there is a second factor already: remove it first"
      case "missing":
        return "there is no second factor"
      case "not-offered":
        return "there is no secret that waits for its first code: ask for one"
      case "operator":
        return "the operator of the machine does not sign in, and has no second factor"
      case "required":
        return "everybody here has to have a second factor: it cannot be removed, but an administrator can reset it"
    }
  }
}

type Codes = ReadonlyArray<string>

/** Codes of authenticator apps, and recovery codes, beside the password. */
export class SecondFactors extends Context.Tag("@vigil/api/SecondFactors")<
  SecondFactors,
  {
    readonly status: (user: User) => Effect.Effect<SecondFactorStatus, StoreUnavailable>
    /** A fresh secret, which counts once {@link confirm} was given a code of it. */
    readonly offer: (
      user: User
    ) => Effect.Effect<
      { readonly secret: Redacted.Redacted; readonly uri: Redacted.Redacted },
      SecondFactorRefused | StoreUnavailable
    >
    /** The answer is the recovery codes. */
    readonly confirm: (
      user: User,
      code: Redacted.Redacted
    ) => Effect.Effect<Codes, CodeRefused | SecondFactorRefused | TooManyAttempts | StoreUnavailable>
    readonly newCodes: (user: User) => Effect.Effect<Codes, SecondFactorRefused | StoreUnavailable>
    /** Where the tenant wants one, only others may remove it. */
    readonly remove: (user: User, by: "owner" | "administrator") => Effect.Effect<void, SecondFactorRefused | StoreUnavailable>
    /** Passes whoever needs no code, or gives a right one, which is used up. */
    readonly check: (
      user: User,
      code: Redacted.Redacted | undefined,
      visitor: Visitor
    ) => Effect.Effect<void, CodeRefused | TooManyAttempts | StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<SecondFactors, never, SecondFactorStore | SignInThrottle> = Layer.effect(
    SecondFactors,
    Effect.gen(function* () {
      const store = yield* SecondFactorStore
      const throttle = yield* SignInThrottle
      const wrong = new CodeRefused({ reason: "wrong" })
      const isWrong = (error: { readonly _tag: string }) => error._tag === "CodeRefused"

      /** Whoever tries codes knows the password already: each user's wrong codes count together, wherever they come from. */
      const throttled = <A, E extends { readonly _tag: string }>({ id }: User, attempt: Effect.Effect<A, E>) =>
        throttle.attempt(`second factor ${id}`, `second factor ${id}`, attempt, isWrong)

      const digitsOf = (code: Redacted.Redacted) => Redacted.value(code).replace(/\s/g, "")

      const usedUp = (user: User, secret: Redacted.Redacted, code: Redacted.Redacted) =>
        Effect.gen(function* () {
          const step = stepOfCode(Redacted.value(secret), digitsOf(code), yield* Clock.currentTimeMillis)
          if (step !== undefined) return yield* store.use(user, { step })
          const text = Redacted.value(code)
          return isRecoveryCode(text) ? yield* store.use(user, { codeHash: hashRecoveryCode(text) }) : false
        })

      return SecondFactors.of({
        status: ({ id, tenantId }) =>
          Effect.gen(function* () {
            const found = Option.getOrUndefined(yield* store.find(id))
            const { secondFactor } = yield* store.policy(tenantId)
            return {
              since: found?.since ?? null,
              required: secondFactor === "required",
              recoveryCodes: found?.recoveryCodes ?? 0
            }
          }),

        offer: (user) =>
          Effect.gen(function* () {
            const secret = newTotpSecret()
            if (!(yield* store.offer(user, Redacted.make(secret)))) return yield* new SecondFactorRefused({ reason: "exists" })
            return { secret: Redacted.make(secret), uri: Redacted.make(totpUri("Vigil", user.username, secret)) }
          }),

        confirm: (user, code) =>
          throttled(
            user,
            Effect.gen(function* () {
              const found = Option.getOrUndefined(yield* store.find(user.id))
              if (found === undefined) return yield* new SecondFactorRefused({ reason: "not-offered" })
              if (found.since !== null) return yield* new SecondFactorRefused({ reason: "exists" })
              const step = stepOfCode(Redacted.value(found.secret), digitsOf(code), yield* Clock.currentTimeMillis)
              if (step === undefined) return yield* wrong
              const codes = newRecoveryCodes()
              if (yield* store.confirm(user, step, codes.map(hashRecoveryCode))) return codes
              return yield* new SecondFactorRefused({ reason: "exists" })
            })
          ),

        newCodes: (user) =>
          Effect.gen(function* () {
            const codes = newRecoveryCodes()
            if (yield* store.replaceCodes(user, codes.map(hashRecoveryCode))) return codes
            return yield* new SecondFactorRefused({ reason: "missing" })
          }),

        remove: (user, by) =>
          Effect.gen(function* () {
            const { secondFactor } = yield* store.policy(user.tenantId)
            if (by === "owner" && secondFactor === "required") return yield* new SecondFactorRefused({ reason: "required" })
            if (!(yield* store.remove(user))) return yield* new SecondFactorRefused({ reason: "missing" })
          }),

        check: (user, code, { address }) =>
          Effect.gen(function* () {
            const found = Option.getOrUndefined(yield* store.find(user.id))
            if (found === undefined || found.since === null) return
            if (code === undefined) return yield* new CodeRefused({ reason: "needed" })
            yield* throttled(
              user,
              Effect.gen(function* () {
                if (yield* inNameOf(user, address)(usedUp(user, found.secret, code))) return
                yield* inNameOfStranger(user.username, address)(store.noteRefusal(user))
                return yield* wrong
              })
            )
          })
      })
    })
  )
}
