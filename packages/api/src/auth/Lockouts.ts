import { isLocked } from "@vigil/core/Account"
import { inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { AccountStore } from "@vigil/core/port/AccountStore"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { StoredUser } from "@vigil/core/port/UserStore"
import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { AccountMails } from "../mail/AccountMails.js"

/** Accounts that are locked after too many wrong passwords in a row, over all nodes, as their tenant's policy says. */
export class Lockouts extends Context.Tag("@vigil/api/Lockouts")<
  Lockouts,
  {
    /** What proves a password; none of nobody, of users without one, and of locked accounts. */
    readonly hashOf: (found: Option.Option<StoredUser>) => Effect.Effect<Option.Option<Redacted.Redacted>>
    readonly noteWrong: (found: Option.Option<StoredUser>, address: string) => Effect.Effect<void, StoreUnavailable>
    readonly noteRight: (found: StoredUser) => Effect.Effect<void, StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<Lockouts, never, AccountStore | PasswordPolicyStore | AccountMails> = Layer.effect(
    Lockouts,
    Effect.gen(function* () {
      const accounts = yield* AccountStore
      const policies = yield* PasswordPolicyStore
      const mails = yield* AccountMails

      return Lockouts.of({
        hashOf: (found) =>
          Effect.map(DateTime.now, (now) =>
            Option.flatMap(found, ({ lock, passwordHash }) => (isLocked(lock, now) ? Option.none() : passwordHash))
          ),

        noteWrong: (found, address) =>
          Effect.gen(function* () {
            // Nothing can be wrong of a password that is not there.
            if (Option.isNone(found) || Option.isNone(found.value.passwordHash)) return
            const { user } = found.value
            const policy = yield* policies.get(user.tenantId)
            const locked = yield* inNameOfStranger(user.username, address)(accounts.noteWrongPassword(user, policy))
            if (locked) yield* mails.tellOfLock(user, policy)
          }),

        noteRight: ({ lock, user, wrongPasswords }) =>
          wrongPasswords === 0 && lock === null ? Effect.void : accounts.noteRightPassword(user)
      })
    })
  )
}
