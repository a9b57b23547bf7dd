import { Context } from "effect"
import type { DateTime, Effect, Option } from "effect"
import type { IdentityProviderId } from "../IdentityProvider.js"
import type { UserId } from "../Ids.js"
import type { Session, SessionId, SessionKind } from "../Session.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

export interface NewSession {
  readonly user: User
  readonly kind: SessionKind
  /** SHA-256 of the cookie's token, or of the first refresh token. */
  readonly tokenHash: Uint8Array
  readonly expiresAt: DateTime.Utc
  readonly address: string | null
  readonly userAgent: string | null
  /** Through which identity provider the user came in, if through one; the session ends with it. */
  readonly provider?: IdentityProviderId | undefined
}

/** A session that is valid now, and whose it is. */
export interface ActiveSession {
  readonly session: Session
  readonly user: User
  /** The tenant wants a second factor of everybody, and the user has none yet. */
  readonly lacksSecondFactor: boolean
}

/** What became of a refresh token that was given. */
export type Refreshing =
  | { readonly _tag: "Refreshed"; readonly active: ActiveSession }
  /** It was exchanged before, so two have it: the session is ended. */
  | { readonly _tag: "Reused" }
  | { readonly _tag: "Unknown" }

/** The sessions of all users. A session ends when it expires, is revoked, or its user is removed. */
export class SessionStore extends Context.Tag("@vigil/core/SessionStore")<
  SessionStore,
  {
    readonly create: (session: NewSession) => Effect.Effect<Session, StoreUnavailable>
    /** The session of a cookie. */
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<ActiveSession>, StoreUnavailable>
    readonly findById: (id: SessionId) => Effect.Effect<Option.Option<ActiveSession>, StoreUnavailable>
    /** Notes that the session is in use and moves its end. */
    readonly extend: (id: SessionId, expiresAt: DateTime.Utc) => Effect.Effect<void, StoreUnavailable>
    /** Exchanges a session's refresh token for the next one. `expiryOf` says when a session ends that is used now. */
    readonly refresh: (
      tokenHash: Uint8Array,
      nextHash: Uint8Array,
      expiryOf: (session: Session, now: DateTime.Utc) => DateTime.Utc
    ) => Effect.Effect<Refreshing, StoreUnavailable>
    readonly list: (user: UserId) => Effect.Effect<ReadonlyArray<Session>, StoreUnavailable>
    /** Whether the user had such a session. */
    readonly revoke: (user: UserId, id: SessionId) => Effect.Effect<boolean, StoreUnavailable>
    /** Ends the session of a refresh token, also of one that was exchanged. */
    readonly revokeRefreshToken: (tokenHash: Uint8Array) => Effect.Effect<void, StoreUnavailable>
    readonly revokeAll: (user: UserId, except: Option.Option<SessionId>) => Effect.Effect<void, StoreUnavailable>
    /** Deletes sessions that are over. */
    readonly purge: Effect.Effect<void, StoreUnavailable>
  }
>() {}
