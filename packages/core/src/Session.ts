import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"

export const SessionId = Schema.UUID.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** One sign-in of a user, as that user may see it. The token that proves it is with the browser only. */
export class Session extends Schema.Class<Session>("Session")({
  id: SessionId,
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
