import { type ComponentHealth, HealthChecks, type HealthStatus } from "@vigil/core/port/Health"
import { Effect } from "effect"

/** A check that gives no answer in this time has failed. */
const checkLimit = "2 seconds"

/** How the parts are, and how the whole is: it fails where an essential part fails, and warns where any part is not well. */
export interface Health {
  readonly status: HealthStatus
  readonly components: ReadonlyArray<ComponentHealth>
}

export const checkHealth: Effect.Effect<Health, never, HealthChecks> = Effect.gen(function* () {
  const checks = yield* HealthChecks
  const components = yield* Effect.forEach(
    checks,
    ({ check, component }) =>
      check.pipe(
        Effect.timeoutTo({
          duration: checkLimit,
          onSuccess: (health) => health,
          onTimeout: (): ComponentHealth => ({ component, status: "fail", detail: `no answer in ${checkLimit}` })
        })
      ),
    { concurrency: "unbounded" }
  )
  const failed = checks.some(({ essential }, index) => essential && components[index]?.status === "fail")
  const well = components.every(({ status }) => status === "pass")
  return { status: failed ? "fail" : well ? "pass" : "warn", components }
})
