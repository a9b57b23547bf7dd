import { HealthStatus } from "@vigil/core/port/Health"
import { type Effect, Schema } from "effect"

/** What a check of the machine found; `advice` says what to do where not all is well. */
export const Finding = Schema.Struct({
  check: Schema.String,
  status: HealthStatus,
  detail: Schema.String,
  advice: Schema.optional(Schema.String)
}).annotations({ identifier: "Finding" })
export type Finding = typeof Finding.Type

/** A check never fails: that something is wrong is what it finds. */
export type Check = Effect.Effect<Finding>

export const pass = (check: string, detail: string): Finding => ({ check, status: "pass", detail })
export const warn = (check: string, detail: string, advice: string): Finding => ({ check, status: "warn", detail, advice })
export const fail = (check: string, detail: string, advice: string): Finding => ({ check, status: "fail", detail, advice })
