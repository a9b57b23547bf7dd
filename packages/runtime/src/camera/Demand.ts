import type { AnalyticInputKind, MotionOptions } from "@vigil/core/Analytic"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { Priority } from "@vigil/core/Priority"
import { rank } from "@vigil/core/PriorityOrder"
import type { CameraRun } from "@vigil/core/settings/CameraSettings"
import type { RunningAnalytic } from "../analytics/Analytics.js"
import type { DecodeDemand } from "../media/MediaWorkers.js"

const defaultMotion: MotionOptions = { ignored: [], sensitivity: 0.5 }

const needs = (analytics: ReadonlyArray<RunningAnalytic>, input: AnalyticInputKind): ReadonlyArray<RunningAnalytic> =>
  analytics.filter(({ descriptor }) => descriptor.inputs.includes(input))

/** Whether some of them live on objects that a detector finds. */
export const needsTracks = (analytics: ReadonlyArray<RunningAnalytic>): boolean => needs(analytics, "tracks").length > 0

const mostUrgent = (analytics: ReadonlyArray<RunningAnalytic>): Priority =>
  analytics.map(({ priority }) => priority).sort((a, b) => rank(a) - rank(b))[0] ?? "STANDARD"

/** How urgent it is to know of objects: as urgent as the most urgent analytic that follows them. */
export const detectionPriority = (analytics: ReadonlyArray<RunningAnalytic>): Priority => mostUrgent(needs(analytics, "tracks"))

/**
 * What a camera's analytics, and the people who look at its live picture, need of the media worker: nothing else is done. `model` is the one that runs here;
 * `motion` says that somebody else needs to know whether something moves, `live` that viewers get pictures coded anew.
 */
export const demandOf = (
  analytics: ReadonlyArray<RunningAnalytic>,
  { camera: { detection, masks }, motionRate }: CameraRun,
  model: InstalledModel | undefined,
  motion = false,
  live = false
): DecodeDemand => {
  const gated = motion || (model !== undefined && detection.gate === "motion")
  const looked = analytics.find((analytic) => analytic.motion !== undefined)?.motion ?? defaultMotion
  const luma = needs(analytics, "luma").length > 0 || gated
  const detector =
    model === undefined
      ? []
      : [
          {
            model,
            priority: detectionPriority(analytics),
            framesPerSecond: detection.framesPerSecond,
            gate: detection.gate
          }
        ]
  return {
    ...(luma ? { luma: { framesPerSecond: motionRate, ...looked } } : {}),
    detectors: detector,
    masks,
    ...(live ? { live } : {}),
    rate: "full"
  }
}
