import type { DetectionSettings } from "@vigil/core/Camera"
import type { ModelError } from "@vigil/core/Model"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { Effect, Option } from "effect"

/**
 * Which detector a camera runs: the one it names, else the first installed one. None where no model is installed, or the named one is
 * not; that is said once, not at each look, and not of one that workers run.
 */
export const makeDetectorChoice = Effect.map(ModelCatalogue, (models) => {
  let complaint: string | undefined

  const complain = (error: ModelError) =>
    Effect.suspend(() => {
      if (complaint === error.message) return Effect.void
      complaint = error.message
      return Effect.logWarning(`the camera runs without its detector: ${error.message}`)
    })

  return (detection: DetectionSettings): Effect.Effect<InstalledModel | undefined> => {
    const wanted =
      detection.model === undefined ? models.preferred("objects") : Effect.map(models.installed(detection.model), Option.some)
    return wanted.pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          complaint = undefined
        })
      ),
      Effect.tapError((error) => (detection.placement === "queue" ? Effect.void : complain(error))),
      Effect.orElseSucceed(() => Option.none<InstalledModel>()),
      Effect.map(Option.getOrUndefined)
    )
  }
})
