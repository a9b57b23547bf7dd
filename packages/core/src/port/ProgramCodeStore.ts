import { Context } from "effect"
import type { DateTime, Effect, Option } from "effect"
import type { IdentityProviderId } from "../IdentityProvider.js"
import type { SessionId } from "../Session.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Whom a program may sign in as. */
export interface AllowedProgram {
  readonly user: User
  /** Through which identity provider the session came that allowed it. */
  readonly provider: IdentityProviderId | undefined
  /** SHA-256 of what only the program has, base64url (RFC 7636 4.2). */
  readonly challenge: string
}

/** One-time codes by which browser sessions let programs in: they end with the session, and by time. */
export class ProgramCodeStore extends Context.Tag("@vigil/core/ProgramCodeStore")<
  ProgramCodeStore,
  {
    readonly offer: (
      user: User,
      code: {
        readonly session: SessionId
        readonly codeHash: Uint8Array
        readonly challenge: string
        readonly expiresAt: DateTime.Utc
      }
    ) => Effect.Effect<void, StoreUnavailable>
    /** Uses the code up, whatever comes of it. */
    readonly take: (codeHash: Uint8Array) => Effect.Effect<Option.Option<AllowedProgram>, StoreUnavailable>
  }
>() {}
