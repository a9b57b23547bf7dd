import { Context } from "effect"
import type { DateTime, Effect, Option, Redacted } from "effect"
import type { TenantId, UserId } from "../Ids.js"
import type { SignInPolicy } from "../SecondFactor.js"
import type { ChangedMeanwhile, Expected } from "./Expected.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

/** A user's second factor. */
export interface StoredSecondFactor {
  /** Base32. */
  readonly secret: Redacted.Redacted
  /** Null as long as no code of it was given: it does not count yet. */
  readonly since: DateTime.Utc | null
  readonly recoveryCodes: number
}

/** A code as it is used up: an interval of the clock (RFC 6238 `T`), or the SHA-256 of a recovery code. */
export type UsedCode = { readonly step: number } | { readonly codeHash: Uint8Array }

/** The second factors of all users, and what tenants want of them. */
export class SecondFactorStore extends Context.Tag("@vigil/core/SecondFactorStore")<
  SecondFactorStore,
  {
    readonly find: (user: UserId) => Effect.Effect<Option.Option<StoredSecondFactor>, StoreUnavailable>
    /** Keeps a secret that does not count yet, in place of an earlier one; says whether it did: not where one counts. */
    readonly offer: (user: User, secret: Redacted.Redacted) => Effect.Effect<boolean, StoreUnavailable>
    /** The offered secret counts from now on, its first code is used up; says whether there was one that did not count yet. */
    readonly confirm: (
      user: User,
      step: number,
      codeHashes: ReadonlyArray<Uint8Array>
    ) => Effect.Effect<boolean, StoreUnavailable>
    /** Uses a code up; says whether it was there to be used: each is good once, and no interval before the last one used. */
    readonly use: (user: User, code: UsedCode) => Effect.Effect<boolean, StoreUnavailable>
    /** In place of all earlier ones; says whether the user has a second factor. */
    readonly replaceCodes: (user: User, codeHashes: ReadonlyArray<Uint8Array>) => Effect.Effect<boolean, StoreUnavailable>
    /** Whether the user had one. */
    readonly remove: (user: User) => Effect.Effect<boolean, StoreUnavailable>
    /** A wrong code for a right password. */
    readonly noteRefusal: (user: User) => Effect.Effect<void, StoreUnavailable>
    readonly policy: (tenant: TenantId) => Effect.Effect<SignInPolicy, StoreUnavailable>
    readonly setPolicy: (
      tenant: TenantId,
      policy: SignInPolicy,
      expected?: Expected<SignInPolicy>
    ) => Effect.Effect<SignInPolicy, ChangedMeanwhile | StoreUnavailable>
  }
>() {}
