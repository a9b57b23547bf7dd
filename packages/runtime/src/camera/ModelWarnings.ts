import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { type ModelWarning, requirementText, type StreamFacts, unmetRequirements } from "@vigil/core/ModelSuitability"
import { initialWatch, type ModelWatch, stepWatch, warningsOf } from "@vigil/core/ModelWatch"
import { type CameraRun, requirementsOf } from "@vigil/core/settings/CameraSettings"
import type { MonotonicTime } from "@vigil/core/Time"
import { Effect } from "effect"

/** What a camera's stream does not give its detector any more. */
export interface ModelWarnings {
  /** Takes in how things are, about once a second; what is new is logged. */
  readonly look: (
    model: InstalledModel | undefined,
    run: CameraRun,
    facts: () => StreamFacts,
    at: MonotonicTime
  ) => Effect.Effect<void>
  readonly list: () => ReadonlyArray<ModelWarning>
}

export const makeModelWarnings = (): ModelWarnings => {
  let watched: InstalledModel["descriptor"] | undefined
  let watch: ModelWatch = initialWatch
  let warnings: ReadonlyArray<ModelWarning> = []

  return {
    look: (model, run, facts, at) =>
      Effect.suspend(() => {
        const descriptor = model?.descriptor
        if (descriptor === undefined && watched === undefined) return Effect.void
        if (descriptor?.id !== watched?.id || descriptor?.version !== watched?.version) watch = initialWatch
        watched = descriptor
        const unmet =
          descriptor === undefined ? [] : unmetRequirements(requirementsOf(run, descriptor), run.camera.segment, facts())
        watch = stepWatch(watch, unmet, at)
        const before = warnings
        warnings = descriptor === undefined ? [] : warningsOf(watch).map((lasting) => ({ model: descriptor.id, ...lasting }))
        const isIn = (list: ReadonlyArray<ModelWarning>, { model: of, requirement }: ModelWarning) =>
          list.some((one) => one.model === of && one.requirement === requirement)
        const fresh = warnings.filter((warning) => !isIn(before, warning))
        const over = before.filter((warning) => !isIn(warnings, warning))
        return Effect.zipRight(
          Effect.forEach(fresh, (warning) => Effect.logWarning(`model ${warning.model} ${requirementText(warning)}`)),
          Effect.forEach(over, ({ model: of, requirement }) =>
            Effect.logInfo(`model ${of} has the ${requirement} again that it needs`)
          )
        )
      }),
    list: () => warnings
  }
}
