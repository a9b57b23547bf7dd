import { Context } from "effect"
import type { DateTime, Effect, Option } from "effect"
import type { UserId } from "../Ids.js"
import type { Session, SessionId } from "../Session.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

export interface NewSession {
  readonly user: User
  /** SHA-256 of the session's token. */
  readonly tokenHash: Uint8Array
  readonly expiresAt: DateTime.Utc
  readonly address: string | null
  readonly userAgent: string | null
}

/** A session that is valid now, and whose it is. */
export interface ActiveSession {
  readonly session: Session
  readonly user: User
}

/** The sessions of all users. A session ends when it expires, is revoked, or its user is removed. */
export class SessionStore extends Context.Tag("@vigil/core/SessionStore")<
  SessionStore,
  {
    readonly create: (session: NewSession) => Effect.Effect<Session, StoreUnavailable>
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<ActiveSession>, StoreUnavailable>
    /** Notes that the session is in use and moves its end. */
    readonly extend: (id: SessionId, expiresAt: DateTime.Utc) => Effect.Effect<void, StoreUnavailable>
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<Session>, StoreUnavailable>
    /** Whether the user had such a session. */
    readonly revoke: (user: UserId, id: SessionId) => Effect.Effect<boolean, StoreUnavailable>
    readonly revokeAll: (user: UserId, except: Option.Option<SessionId>) => Effect.Effect<void, StoreUnavailable>
    /** Deletes sessions that are over. */
    readonly purge: Effect.Effect<void, StoreUnavailable>
  }
>() {}
