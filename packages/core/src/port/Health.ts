import { Context, Schema } from "effect"
import type { Effect } from "effect"

export const HealthStatus = Schema.Literal("pass", "warn", "fail")
export type HealthStatus = typeof HealthStatus.Type

export const ComponentHealth = Schema.Struct({
  component: Schema.String,
  status: HealthStatus,
  detail: Schema.optional(Schema.String)
}).annotations({ identifier: "ComponentHealth" })
export type ComponentHealth = typeof ComponentHealth.Type

/** A part of the program that can tell how it is; answers within a second and never fails. */
export interface HealthCheck {
  readonly component: string
  /** The node cannot serve without it: `/health/ready` answers 503 while it fails. */
  readonly essential: boolean
  readonly check: Effect.Effect<ComponentHealth>
}

/** The checks of all parts, collected by the composition root. */
export class HealthChecks extends Context.Tag("@vigil/core/HealthChecks")<HealthChecks, ReadonlyArray<HealthCheck>>() {}
