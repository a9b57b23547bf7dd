import type { AnalyticInputKind, MotionOptions } from "@vigil/core/Analytic"
import type { DetectionSettings } from "@vigil/core/Camera"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { Priority } from "@vigil/core/Priority"
import { rank } from "@vigil/core/PriorityOrder"
import type { RunningAnalytic } from "../analytics/Analytics.js"
import type { DecodeDemand } from "../media/MediaWorkers.js"

/** Luma observations a second: enough for motion to open the detector's gate within 200 ms. */
const lumaRate = 5

const defaultMotion: MotionOptions = { ignored: [], sensitivity: 0.5 }

const needs = (analytics: ReadonlyArray<RunningAnalytic>, input: AnalyticInputKind): ReadonlyArray<RunningAnalytic> =>
  analytics.filter(({ descriptor }) => descriptor.inputs.includes(input))

const mostUrgent = (analytics: ReadonlyArray<RunningAnalytic>): Priority =>
  analytics.map(({ priority }) => priority).sort((a, b) => rank(a) - rank(b))[0] ?? "STANDARD"

/** What a camera's analytics, and the people who look at its live picture, need of the media worker: nothing else is done. */
export const demandOf = (
  analytics: ReadonlyArray<RunningAnalytic>,
  detection: DetectionSettings,
  model: InstalledModel | undefined
): DecodeDemand => {
  const gated = model !== undefined && detection.gate === "motion"
  const motion = analytics.find((analytic) => analytic.motion !== undefined)?.motion ?? defaultMotion
  const luma = needs(analytics, "luma").length > 0 || gated
  const detector =
    model === undefined
      ? []
      : [
          {
            model,
            priority: mostUrgent(needs(analytics, "tracks")),
            framesPerSecond: detection.framesPerSecond,
            gate: detection.gate
          }
        ]
  return {
    ...(luma ? { luma: { framesPerSecond: lumaRate, ...motion } } : {}),
    detectors: detector,
    rate: "full"
  }
}
