/**
 * Users as people: everybody's own profile, and for administrators those of all, their locks, and the rules for passwords.
 *
 * @module
 */
import type { ProfileChange } from "@vigil/core/Account"
import { Principal } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { UserId } from "@vigil/core/Ids"
import type { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { AccountStore } from "@vigil/core/port/AccountStore"
import type { Expected } from "@vigil/core/port/Expected"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import { Effect, type Redacted, Redacted as Secret } from "effect"
import { Accounts } from "../auth/Accounts.js"
import type { Visitor } from "../auth/Sessions.js"
import { AccountMails } from "../mail/AccountMails.js"

export const ownAccount = Effect.gen(function* () {
  const { user } = yield* Principal
  return yield* (yield* AccountStore).get(user.tenantId, user.id)
})

/** Whether the change moves where links for new passwords go. */
const movesMail = (change: ProfileChange, email: string | null): boolean => change.email !== undefined && change.email !== email

/** Another mail address is taken with the password only, and the former one is told. */
export const changeOwnProfile = (change: ProfileChange, password: Redacted.Redacted | undefined, visitor: Visitor) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    const accounts = yield* AccountStore
    const before = yield* accounts.get(user.tenantId, user.id)
    const moves = movesMail(change, before.email)
    if (moves && before.hasPassword) yield* (yield* Accounts).provePassword(user, password ?? Secret.make(""), visitor)
    const after = yield* accounts.changeProfile(user.tenantId, user.id, change)
    const { displayName, email, language } = before
    if (moves && email !== null) yield* (yield* AccountMails).tellOfNewAddress({ user, displayName, email, language })
    return after
  }).pipe(inCallersName)

export const listAccounts = Effect.gen(function* () {
  const { tenantId } = yield* authorize("admin")
  return yield* (yield* AccountStore).list(tenantId)
})

export const getAccount = (id: UserId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* AccountStore).get(tenantId, id)
  })

export const changeProfile = (id: UserId, change: ProfileChange) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* AccountStore).changeProfile(tenantId, id, change)
  }).pipe(inCallersName)

export const releaseAccount = (id: UserId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* AccountStore).release(tenantId, id)
  }).pipe(inCallersName)

/** Everybody may know it: it says what a new password has to be. */
export const getPasswordPolicy = Effect.gen(function* () {
  const { user } = yield* Principal
  return yield* (yield* PasswordPolicyStore).get(user.tenantId)
})

export const setPasswordPolicy = (policy: PasswordPolicy, expected?: Expected<PasswordPolicy>) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* PasswordPolicyStore).set(tenantId, policy, expected)
  }).pipe(inCallersName)
