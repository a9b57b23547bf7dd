import type { TenantId } from "@vigil/core/Ids"
import { passwordComplaints } from "@vigil/core/Password"
import { AccountStore } from "@vigil/core/port/AccountStore"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { User } from "@vigil/core/User"
import { Context, Data, Effect, Layer, Option, type Redacted, Redacted as Secret } from "effect"
import { PasswordHasher } from "./PasswordHasher.js"

/** The password that is to be set breaks the rules. */
export class WeakPassword extends Data.TaggedError("WeakPassword")<{ readonly complaints: ReadonlyArray<string> }> {
  override get message() {
    return this.complaints.join(" ")
  }
}

/** Signed in, but not with this password: that is a wrong value of the form, and no reason to sign in again. */
export class WrongPassword extends Data.TaggedError("WrongPassword") {
  override get message() {
    return "The current password is wrong."
  }
}

const refuse = (complaints: ReadonlyArray<string>): Effect.Effect<void, WeakPassword> =>
  complaints.length === 0 ? Effect.void : Effect.fail(new WeakPassword({ complaints }))

/** What a tenant wants of passwords. */
export class PasswordRules extends Context.Tag("@vigil/api/PasswordRules")<
  PasswordRules,
  {
    /** For somebody who is not a user yet. */
    readonly check: (
      tenant: TenantId,
      username: string,
      password: Redacted.Redacted
    ) => Effect.Effect<void, WeakPassword | StoreUnavailable>
    /** For a user, who may have had it already. */
    readonly checkNext: (user: User, password: Redacted.Redacted) => Effect.Effect<void, WeakPassword | StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<PasswordRules, never, AccountStore | PasswordPolicyStore | PasswordHasher> = Layer.effect(
    PasswordRules,
    Effect.gen(function* () {
      const accounts = yield* AccountStore
      const policies = yield* PasswordPolicyStore
      const hasher = yield* PasswordHasher

      const check = (tenant: TenantId, username: string, password: Redacted.Redacted) =>
        Effect.flatMap(policies.get(tenant), ({ shortestPassword }) =>
          refuse(passwordComplaints(username, Secret.value(password), shortestPassword))
        )

      const isFormer = (user: User, count: number, password: Redacted.Redacted) =>
        Effect.flatMap(accounts.passwords(user, count), (hashes) =>
          Effect.exists(hashes, (hash) => hasher.verify(Option.some(hash), password))
        )

      return PasswordRules.of({
        check,
        checkNext: (user, password) =>
          Effect.gen(function* () {
            yield* check(user.tenantId, user.username, password)
            const { rememberedPasswords } = yield* policies.get(user.tenantId)
            if (rememberedPasswords > 0 && (yield* isFormer(user, rememberedPasswords, password)))
              yield* refuse(["This is one of the last passwords: take another one."])
          })
      })
    })
  )
}
