import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"

export const SessionId = Schema.UUID.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** How a session is proved: by the cookie of a browser, or by the tokens of a program (`AccessToken`). */
export const SessionKind = Schema.Literal("browser", "token")
export type SessionKind = typeof SessionKind.Type

/** One sign-in of a user, as that user may see it. What proves it is with the browser or the program only. */
export class Session extends Schema.Class<Session>("Session")({
  id: SessionId,
  kind: SessionKind,
  userId: UserId,
  tenantId: TenantId,
  createdAt: Schema.DateTimeUtc,
  lastSeenAt: Schema.DateTimeUtc,
  /** Moves on while the session is used. */
  expiresAt: Schema.DateTimeUtc,
  /** Where the sign-in came from, and which program it was by its own account. */
  address: Schema.NullOr(Schema.String),
  userAgent: Schema.NullOr(Schema.String)
}) {}

/** A session in the list of its own user. */
export const OwnSession = Schema.Struct({
  ...Session.fields,
  /** Whether it is the one of this very request. */
  current: Schema.Boolean
}).annotations({ identifier: "OwnSession" })
export type OwnSession = typeof OwnSession.Type
