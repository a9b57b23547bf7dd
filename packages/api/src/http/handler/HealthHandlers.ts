import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HealthReport, UnhealthyReport } from "@vigil/core/contract/HealthReport"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import type { ComponentHealth } from "@vigil/core/port/Health"
import { DateTime, Effect } from "effect"
import { checkHealth, type Health } from "../../application/Health.js"

const toCheck =
  (time: string) =>
  ({ component, detail, status }: ComponentHealth) =>
    [
      component,
      [{ componentType: "component" as const, status, time, ...(detail === undefined ? {} : { output: detail }) }]
    ] as const

const answer = ({ status }: Health, checks?: HealthReport["checks"]) => {
  const report = checks === undefined ? { status } : { status, checks }
  return status === "fail" ? Effect.fail(new UnhealthyReport(report)) : Effect.succeed(new HealthReport(report))
}

const brief = Effect.flatMap(checkHealth, (health) => answer(health))

const detailed = Effect.gen(function* () {
  const health = yield* checkHealth
  const time = DateTime.formatIso(yield* DateTime.now)
  return yield* answer(health, Object.fromEntries(health.components.map(toCheck(time))))
})

export const layerHealthHandlers = HttpApiBuilder.group(VigilApi, "health", (handlers) =>
  handlers
    .handle("health", () => brief)
    .handle("live", () => Effect.succeed(new HealthReport({ status: "pass" })))
    .handle("ready", () => brief)
    .handle("detailed", () => detailed)
)
