import { Schema } from "effect"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** Tells master keys apart, and nothing of them. */
const KeyMark = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{8}$/)).annotations({ identifier: "KeyMark" })

/** Which master keys the stored secrets are under. */
export const KeyStatus = Schema.Struct({
  /** What new secrets are stored under. */
  current: KeyMark,
  /** What they are to be stored under from the next rotation on. */
  next: Schema.NullOr(KeyMark),
  secrets: Schema.Array(Schema.Struct({ key: KeyMark, count: Count }))
}).annotations({ identifier: "KeyStatus" })
export type KeyStatus = typeof KeyStatus.Type

/** How far a rotation is. */
export const KeyRotation = Schema.Struct({
  /** The key that secrets get. */
  key: KeyMark,
  /** How many have it. */
  done: Count,
  total: Count,
  /** How many are under keys that are not there any more, and stay so. */
  unreadable: Count,
  /** Whether it is over. */
  finished: Schema.Boolean,
  /** Over, but for the environment: `VIGIL_KEY` has yet to be set to the new key. */
  environment: Schema.Boolean
}).annotations({ identifier: "KeyRotation" })
export type KeyRotation = typeof KeyRotation.Type

/** Keys cannot be rotated; `detail` says what to do. */
export class KeyRotationRefused extends Schema.TaggedError<KeyRotationRefused>()("KeyRotationRefused", {
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}
