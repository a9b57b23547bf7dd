import { Schema } from "effect"
import { Prose } from "./PlainText.js"

/** What is wrong with it is told without it: answers, logs and traces repeat what is. */
const untold = (least: number, most: number) => ({
  message: () => ({ message: `Expected text of ${least} to ${most} characters`, override: true })
})

/** Something that somebody typed and nobody else is to read. */
export const SecretText = (most: number, least = 0) =>
  Schema.Redacted(Schema.String.pipe(Schema.minLength(least), Schema.maxLength(most))).annotations(untold(least, most))

/** Text that may have a secret in it, as an address its user's password. */
export const ConfidentialText = (most: number) =>
  Prose(most).pipe(Schema.trimmed(), Schema.minLength(1)).annotations(untold(1, most))
