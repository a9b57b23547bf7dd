import { Context, Schema } from "effect"
import type { DateTime, Effect, Option, Redacted } from "effect"
import type { AccountLock, ProfileChange } from "../Account.js"
import type { Grants } from "../Grants.js"
import { type TenantId, UserId } from "../Ids.js"
import type { Role, User } from "../User.js"
import type { ChangedMeanwhile, Expected } from "./Expected.js"
import type { PlaceNotFound } from "./PlaceStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Usernames are unique in the whole installation, upper and lower case alike, because they are what people sign in with. */
export class UsernameTaken extends Schema.TaggedError<UsernameTaken>()("UsernameTaken", { username: Schema.String }) {
  override get message() {
    return `the username ${this.username} is taken`
  }
}

export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { userId: UserId }) {
  override get message() {
    return `there is no user ${this.userId}`
  }
}

/** The change would leave the tenant without an administrator who can come in. */
export class LastAdministrator extends Schema.TaggedError<LastAdministrator>()("LastAdministrator", { userId: UserId }) {
  override get message() {
    return "this is the last administrator who can sign in: make another one first"
  }
}

/** The one-time link that creates the first administrator cannot be used: it is unknown or replaced, too old, or was used. */
export class SetupRefused extends Schema.TaggedError<SetupRefused>()("SetupRefused", {
  reason: Schema.Literal("unknown", "expired", "done")
}) {
  override get message() {
    if (this.reason === "done") return "the first administrator exists already: sign in"
    return `this set-up link is ${this.reason === "expired" ? "too old" : "not valid"}: start Vigil again to get a new one`
  }
}

/** A user with what proves the password: an encoded argon2id hash (PHC string format), none where there is no password. */
export interface StoredUser {
  readonly user: User
  /** Whether the user's tenant is neither suspended nor removed. */
  readonly isServed: boolean
  readonly passwordHash: Option.Option<Redacted.Redacted>
  /** Wrong ones in a row. */
  readonly wrongPasswords: number
  /** Also one that has ended. */
  readonly lock: AccountLock | null
}

export interface NewUser {
  readonly username: string
  readonly role: Role
  /** None: no password gets in, until one is set. */
  readonly passwordHash?: Redacted.Redacted | undefined
  readonly profile?: ProfileChange | undefined
}

export interface UserChange {
  readonly role?: Role | undefined
  readonly passwordHash?: Redacted.Redacted | undefined
  readonly disabled?: boolean | undefined
}

/** All of a user that somebody configures; absent parts stay. */
export interface UserConfiguration extends Omit<UserChange, "passwordHash"> {
  readonly profile?: ProfileChange | undefined
  readonly grants?: Grants | undefined
}

export class UserStore extends Context.Tag("@vigil/core/UserStore")<
  UserStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<User>, StoreUnavailable>
    readonly get: (tenant: TenantId, id: UserId) => Effect.Effect<User, UserNotFound | StoreUnavailable>
    /** Over all tenants: for signing in. */
    readonly findByUsername: (username: string) => Effect.Effect<Option.Option<StoredUser>, StoreUnavailable>
    readonly create: (tenant: TenantId, user: NewUser) => Effect.Effect<User, UsernameTaken | StoreUnavailable>
    readonly change: (
      tenant: TenantId,
      id: UserId,
      change: UserChange,
      expected?: Expected<User>
    ) => Effect.Effect<User, UserNotFound | LastAdministrator | ChangedMeanwhile | StoreUnavailable>
    /** All of it at once, or nothing. */
    readonly configure: (
      tenant: TenantId,
      id: UserId,
      configuration: UserConfiguration
    ) => Effect.Effect<User, UserNotFound | LastAdministrator | PlaceNotFound | StoreUnavailable>
    readonly remove: (
      tenant: TenantId,
      id: UserId,
      expected?: Expected<User>
    ) => Effect.Effect<void, UserNotFound | LastAdministrator | ChangedMeanwhile | StoreUnavailable>
    /** Makes the one-time token valid in place of earlier ones, unless a user exists; says whether it did. */
    readonly offerSetup: (tokenHash: Uint8Array, expiresAt: DateTime.Utc) => Effect.Effect<boolean, StoreUnavailable>
    readonly setupNeeded: Effect.Effect<boolean, StoreUnavailable>
    /** Uses up the token and creates the default tenant's first administrator, both or none. */
    readonly setUp: (
      tokenHash: Uint8Array,
      user: Omit<NewUser, "role">
    ) => Effect.Effect<User, SetupRefused | UsernameTaken | StoreUnavailable>
  }
>() {}
