import { DateTime, Schema } from "effect"
import { type AccountLock, isLocked } from "./Account.js"
import { shortestPassword } from "./Password.js"

/** A tenant's rules for passwords, and for what happens to accounts that are tried with wrong ones. */
export class PasswordPolicy extends Schema.Class<PasswordPolicy>("PasswordPolicy")({
  /** Characters that a new password has at least. */
  shortestPassword: Schema.Int.pipe(Schema.between(8, 64)),
  /** How many of a user's last passwords, the one in use included, are not taken again; 0: any is. */
  rememberedPasswords: Schema.Int.pipe(Schema.between(0, 24)),
  /** After how many wrong passwords in a row an account is locked; null: never. */
  lockAfter: Schema.NullOr(Schema.Int.pipe(Schema.between(3, 1000))),
  /** For how long; null: until an administrator releases it. */
  lockMinutes: Schema.NullOr(Schema.Int.pipe(Schema.between(1, 10_080)))
}) {}

/** NIST SP 800-63B-4 3.2.2 allows 100 wrong ones in a row; one address alone is slowed down long before. */
export const defaultPasswordPolicy = PasswordPolicy.make({
  shortestPassword,
  rememberedPasswords: 0,
  lockAfter: 20,
  lockMinutes: 30
})

/** Hours after which wrong passwords are forgotten. */
const forgottenAfter = 24

/** Wrong passwords of an account in a row, and the lock that came of them. */
export interface WrongPasswords {
  readonly count: number
  readonly last: DateTime.Utc | null
  readonly lock: AccountLock | null
}

/** An account after one more wrong password. One that is locked stays as it is; after a lock that has ended it counts anew. */
export const afterWrongPassword = (policy: PasswordPolicy, before: WrongPasswords, now: DateTime.Utc): WrongPasswords => {
  if (isLocked(before.lock, now)) return before
  const isOld = before.last === null || DateTime.greaterThan(now, DateTime.add(before.last, { hours: forgottenAfter }))
  const count = before.lock !== null || isOld ? 1 : before.count + 1
  if (policy.lockAfter === null || count < policy.lockAfter) return { count, last: now, lock: null }
  const until = policy.lockMinutes === null ? null : DateTime.add(now, { minutes: policy.lockMinutes })
  return { count, last: now, lock: { since: now, until } }
}
