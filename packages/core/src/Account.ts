import { DateTime, Schema } from "effect"
import { UserId } from "./Ids.js"
import { PlainName } from "./PlainText.js"
import { User } from "./User.js"

/** A mail address, as far as that can be told without sending to it: RFC 5321 4.5.3.1 for its length. */
export const MailAddress = Schema.String.pipe(
  Schema.maxLength(254),
  Schema.pattern(/^[!#-;=?A-Z^-~]{1,64}@[A-Za-z0-9.-]{1,189}$/, {
    message: () => "Expected a mail address such as anna@example.org"
  })
).annotations({ identifier: "MailAddress" })
export type MailAddress = typeof MailAddress.Type

/** A language tag (BCP 47), for example `en` or `pt-BR`. */
const LanguageTag = Schema.String.pipe(
  Schema.pattern(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, { message: () => "Expected a language such as en or pt-BR" })
).annotations({
  identifier: "LanguageTag"
})

const profile = {
  /** What people are called; the username where there is none. */
  displayName: Schema.NullOr(PlainName(100)),
  /** Where links for a new password and warnings go. */
  email: Schema.NullOr(MailAddress),
  language: Schema.NullOr(LanguageTag)
}

/** Nobody gets in with this account's password until the lock ends, or an administrator releases it. */
export const AccountLock = Schema.Struct({
  since: Schema.DateTimeUtc,
  /** Null: until it is released. */
  until: Schema.NullOr(Schema.DateTimeUtc)
}).annotations({ identifier: "AccountLock" })
export type AccountLock = typeof AccountLock.Type

/** A user as a person: who it is, and how it comes in. */
export class Account extends Schema.Class<Account>("Account")({
  id: UserId,
  username: User.fields.username,
  role: User.fields.role,
  ...profile,
  /** Whether there is a password; people who come in through an identity provider need none. */
  hasPassword: Schema.Boolean,
  /** Names of the identity providers through which the user has come in. */
  providers: Schema.Array(Schema.String),
  /** Wrong passwords in a row. */
  wrongPasswords: Schema.Int.pipe(Schema.nonNegative()),
  lock: Schema.NullOr(AccountLock),
  createdAt: Schema.DateTimeUtc
}) {}

/** What of a profile is to be changed. */
export const ProfileChange = Schema.Struct({
  displayName: Schema.optional(profile.displayName),
  email: Schema.optional(profile.email),
  language: Schema.optional(profile.language)
}).annotations({ identifier: "ProfileChange" })
export type ProfileChange = typeof ProfileChange.Type

export const isLocked = (lock: AccountLock | null, now: DateTime.Utc): boolean =>
  lock !== null && (lock.until === null || DateTime.greaterThan(lock.until, now))
