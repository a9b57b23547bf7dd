import { Schema } from "effect"

/** What is typed: bounded, but its rules are only looked at where a password is set. */
export const TypedPassword = Schema.Redacted(Schema.String.pipe(Schema.maxLength(1024)))
