import { Schema } from "effect"

/** A fresh publish token: told this once, and never again. */
export const PublishToken = Schema.Struct({ token: Schema.String }).annotations({ identifier: "PublishToken" })
export type PublishToken = typeof PublishToken.Type

/** Whether a camera has a publish token, and since when. */
export const PublishTokenState = Schema.Struct({ madeAt: Schema.NullOr(Schema.DateTimeUtc) }).annotations({
  identifier: "PublishTokenState"
})
export type PublishTokenState = typeof PublishTokenState.Type
