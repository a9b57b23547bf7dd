import { Context } from "effect"
import type { DateTime, Effect, Option } from "effect"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

/** One-time tokens that let people set a new password without the old one. */
export class PasswordResetStore extends Context.Tag("@vigil/core/PasswordResetStore")<
  PasswordResetStore,
  {
    /** Makes the token valid in place of the user's earlier one, unless that is younger than two minutes; says whether it did. */
    readonly offer: (user: User, tokenHash: Uint8Array, expiresAt: DateTime.Utc) => Effect.Effect<boolean, StoreUnavailable>
    /** Whose the token is, if it is valid now. */
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<User>, StoreUnavailable>
    /** Uses the token up; says whether it was still valid. */
    readonly take: (tokenHash: Uint8Array) => Effect.Effect<boolean, StoreUnavailable>
  }
>() {}
