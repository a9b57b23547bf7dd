import type { Camera } from "@vigil/core/Camera"
import { Effect, Either } from "effect"
import { KnownAnalytics, type RunningAnalytic, startAnalytic } from "../analytics/Analytics.js"

/**
 * A camera's analytics. Those that a change of the camera does not touch go on with what they know; the others start anew: with other privacy masks, too, it is
 * another picture that they look at. So they do when the camera was off meanwhile.
 */
export const makeAnalyticSlots = Effect.map(KnownAnalytics, (known) => {
  let running: ReadonlyMap<string, RunningAnalytic> = new Map()

  return ({ analytics, enabled, lines, masks, zones }: Pick<Camera, "analytics" | "enabled" | "lines" | "masks" | "zones">) =>
    Effect.gen(function* () {
      const next = new Map<string, RunningAnalytic>()
      for (const [index, assignment] of analytics.entries()) {
        const key = JSON.stringify([index, enabled, assignment, lines, zones, masks])
        const before = running.get(key)
        const started = before === undefined ? startAnalytic(assignment, { lines, zones }, known) : Either.right(before)
        if (Either.isRight(started)) next.set(key, started.right)
        else yield* Effect.logError(started.left.message)
      }
      running = next
      return [...next.values()]
    })
})
