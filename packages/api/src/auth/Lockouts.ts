import { isLocked } from "@vigil/core/Account"
import { inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { defaultTenant, UserId } from "@vigil/core/Ids"
import { AccountStore } from "@vigil/core/port/AccountStore"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { StoredUser } from "@vigil/core/port/UserStore"
import { User } from "@vigil/core/User"
import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { AccountMails } from "../mail/AccountMails.js"

/** Has no row, so nothing is counted for it. */
const nobody = User.make({
  id: UserId.make("00000000-0000-8000-8000-000000000002"),
  tenantId: defaultTenant,
  username: "(unknown)",
  role: "viewer",
  createdAt: DateTime.unsafeMake(0)
})

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
            // Nothing can be wrong of a password that is not there, but it takes as long: the time tells nothing either.
            const isThere = Option.exists(found, ({ passwordHash }) => Option.isSome(passwordHash))
            const user = isThere && Option.isSome(found) ? found.value.user : nobody
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
