import { Schema } from "effect"

/** A code in a request: six digits of an authenticator app, or a recovery code. */
export const TypedCode = Schema.Redacted(
  Schema.String.pipe(Schema.maxLength(64, { message: () => "Expected six digits, or a recovery code" }))
)

/** Whether a user's password is enough. */
export const SecondFactorStatus = Schema.Struct({
  /** Since when a code is asked for; null where none is. */
  since: Schema.NullOr(Schema.DateTimeUtc),
  /** Whether the tenant wants one of everybody: without it nothing else is open. */
  required: Schema.Boolean,
  /** Recovery codes that were not used. */
  recoveryCodes: Schema.Int
}).annotations({ identifier: "SecondFactorStatus" })
export type SecondFactorStatus = typeof SecondFactorStatus.Type

/** A fresh secret for an authenticator app (TOTP, RFC 6238); it counts once a code of it was given. */
export const SecondFactorOffer = Schema.Struct({
  /** Base32, to be typed. */
  secret: Schema.Redacted(Schema.String),
  /** `otpauth://totp/...`, to be shown as a QR code. */
  uri: Schema.Redacted(Schema.String)
}).annotations({ identifier: "SecondFactorOffer" })
export type SecondFactorOffer = typeof SecondFactorOffer.Type

/** What lets in without the app, each once; told this once. */
export const RecoveryCodes = Schema.Struct({
  recoveryCodes: Schema.Array(Schema.Redacted(Schema.String))
}).annotations({ identifier: "RecoveryCodes" })
export type RecoveryCodes = typeof RecoveryCodes.Type

/** What a tenant wants of everybody who signs in. */
export const SignInPolicy = Schema.Struct({
  secondFactor: Schema.Literal("optional", "required")
}).annotations({ identifier: "SignInPolicy" })
export type SignInPolicy = typeof SignInPolicy.Type
