import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"
import { SessionId } from "./Session.js"
import { Role, User } from "./User.js"

/** What every refresh token begins with, so that it is known for one wherever it turns up. */
export const refreshTokenPrefix = "vgr_"

/** A refresh token in a request. What is wrong with one must not tell the token. */
export const TypedRefreshToken = Schema.Redacted(
  Schema.String.pipe(Schema.maxLength(200, { message: () => "Expected a refresh token" }))
)

/**
 * What a program holds of its session: a short access token (a JWT, RFC 9068) for each call, `Authorization: Bearer`, and a refresh token that is good for
 * one exchange against the next two.
 */
export const TokenPair = Schema.Struct({
  user: User,
  sessionId: SessionId,
  accessToken: Schema.Redacted(Schema.String),
  accessExpiresAt: Schema.DateTimeUtc,
  refreshToken: Schema.Redacted(Schema.String),
  /** Moves on with each exchange. */
  refreshExpiresAt: Schema.DateTimeUtc
}).annotations({ identifier: "TokenPair" })
export type TokenPair = typeof TokenPair.Type

/** Whom an access token is for (`aud`). */
export const accessTokenAudience = "vigil"

/** The header's `typ` (RFC 9068 2.1). */
export const accessTokenType = "at+jwt"

/** What an access token says, beside its issuer, audience and times. */
export const AccessClaims = Schema.Struct({
  sub: UserId,
  /** The session: it counts only as long as that. */
  sid: SessionId,
  tenant: TenantId,
  role: Role,
  preferred_username: Schema.String
})
export type AccessClaims = typeof AccessClaims.Type

/** The public half of a signing key (RFC 7517, RFC 8037). */
const PublicKey = Schema.Struct({
  kty: Schema.Literal("OKP"),
  crv: Schema.Literal("Ed25519"),
  x: Schema.String,
  kid: Schema.String,
  alg: Schema.Literal("EdDSA"),
  use: Schema.Literal("sig")
}).annotations({ identifier: "PublicKey" })
export type PublicKey = typeof PublicKey.Type

/** What access tokens are checked with, newest first. */
export const PublicKeys = Schema.Struct({ keys: Schema.Array(PublicKey) }).annotations({ identifier: "PublicKeys" })
export type PublicKeys = typeof PublicKeys.Type
