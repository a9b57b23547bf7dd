import { Context } from "effect"
import type { Effect, Redacted } from "effect"
import type { Account, ProfileChange } from "../Account.js"
import type { TenantId, UserId } from "../Ids.js"
import type { PasswordPolicy } from "../PasswordPolicy.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"
import type { UserNotFound } from "./UserStore.js"

/** Somebody to whom a link for a new password may be sent. */
export interface MailRecipient {
  readonly user: User
  readonly email: string
  readonly displayName: string | null
  readonly language: string | null
}

/** Users as people: their profiles, and the locks on their accounts. */
export class AccountStore extends Context.Tag("@vigil/core/AccountStore")<
  AccountStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Account>, StoreUnavailable>
    readonly get: (tenant: TenantId, id: UserId) => Effect.Effect<Account, UserNotFound | StoreUnavailable>
    readonly changeProfile: (
      tenant: TenantId,
      id: UserId,
      change: ProfileChange
    ) => Effect.Effect<Account, UserNotFound | StoreUnavailable>
    /** Counts it, and says whether the account became locked by it. */
    readonly noteWrongPassword: (user: User, policy: PasswordPolicy) => Effect.Effect<boolean, StoreUnavailable>
    /** Wrong passwords before a right one count no more. */
    readonly noteRightPassword: (user: User) => Effect.Effect<void, StoreUnavailable>
    /** Ends a lock; nothing where there is none. */
    readonly release: (tenant: TenantId, id: UserId) => Effect.Effect<void, UserNotFound | StoreUnavailable>
    /** Up to 5 users of that name or mail address, over all tenants, that have a password and a mail address. */
    readonly recipients: (nameOrAddress: string) => Effect.Effect<ReadonlyArray<MailRecipient>, StoreUnavailable>
    /** Hashes of the user's passwords, the one in use first, at most so many. */
    readonly passwords: (user: User, count: number) => Effect.Effect<ReadonlyArray<Redacted.Redacted>, StoreUnavailable>
  }
>() {}
