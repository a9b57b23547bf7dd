import { Effect, Option, Redacted } from "effect"
import { UsageError } from "../Output.js"

/** The user whom simulated devices ask for, given as `user:pass`. */
export const namedUser = (text: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isNone(text)) return undefined
    const colon = text.value.indexOf(":")
    if (colon < 1) return yield* new UsageError({ detail: "--auth takes a user name and a password: --auth user:pass" })
    return { username: text.value.slice(0, colon), password: Redacted.make(text.value.slice(colon + 1)) }
  })
