import type { DetectionSettings } from "@vigil/core/Camera"
import type { TenantId } from "@vigil/core/Ids"
import type { LicenceRefused } from "@vigil/core/Licence"
import type { ModelError } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Option } from "effect"

/** Says nothing of the model: the database is away, or the disk is full. */
const isPassing = (error: ModelError | LicenceRefused | StoreUnavailable): boolean =>
  error._tag === "StoreUnavailable" || (error._tag === "ModelError" && error.reason === "storage")

/**
 * Which detector a tenant's camera runs: the one it names, else the first installed one. None where no model is installed, or the named one is not, or the licence does not allow it;
 * that is said once, not at each look, and not of one that workers run. While nobody can say, the one that was chosen before stays.
 */
export const makeDetectorChoice = (tenant: TenantId) =>
  Effect.map(ModelLibrary, (models) => {
    let complaint: string | undefined
    let chosen: InstalledModel | undefined
    let chosenFor: DetectionSettings["model"]

    const complain = (error: Error) =>
      Effect.suspend(() => {
        if (complaint === error.message) return Effect.void
        complaint = error.message
        return Effect.logWarning(`the camera's detector: ${error.message}`)
      })

    return (detection: DetectionSettings): Effect.Effect<InstalledModel | undefined> => {
      const { model } = detection
      const wanted =
        model === undefined ? models.preferred(tenant, "objects") : Effect.map(models.installed(tenant, model), Option.some)
      return wanted.pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            complaint = undefined
          })
        ),
        Effect.tapError((error) => (detection.placement === "queue" ? Effect.void : complain(error))),
        Effect.catchIf(isPassing, () =>
          Effect.succeed(chosenFor === model ? Option.fromNullable(chosen) : Option.none<InstalledModel>())
        ),
        Effect.orElseSucceed(() => Option.none<InstalledModel>()),
        Effect.map((found) => {
          chosenFor = model
          chosen = Option.getOrUndefined(found)
          return chosen
        })
      )
    }
  })
