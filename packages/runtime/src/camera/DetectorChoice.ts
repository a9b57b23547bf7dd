import type { DetectionSettings } from "@vigil/core/Camera"
import { type DetectorProblem, detectorProblem, noneInstalled, unnamedForWorkers } from "@vigil/core/DetectorProblem"
import type { ModelId, TenantId } from "@vigil/core/Ids"
import type { LicenceRefused } from "@vigil/core/Licence"
import type { ModelError } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { VideoJobTerms } from "@vigil/core/VideoJob"
import { Effect, Option } from "effect"

/** Says nothing of the model: the database is away, or the disk is full. */
const isPassing = (error: ModelError | LicenceRefused | StoreUnavailable): boolean =>
  error._tag === "StoreUnavailable" || (error._tag === "ModelError" && error.reason === "storage")

/** Which model a camera's jobs are for. */
export interface QueuedModel extends Pick<VideoJobTerms, "own"> {
  readonly model: ModelId
}

export interface DetectorChoice {
  /** The detector that this node runs; none where no model is installed, or the named one is not, or the licence does not allow it. */
  readonly local: (detection: DetectionSettings) => Effect.Effect<InstalledModel | undefined>
  /** The one that workers run, for a camera that would run `local` here; none where the licence does not allow it, or nothing is to go to workers. */
  readonly queued: (detection: DetectionSettings, local: InstalledModel | undefined) => Effect.Effect<QueuedModel | undefined>
  /** Why there was none when it was looked last: for workers, or else here. */
  readonly problem: () => DetectorProblem | undefined
}

/**
 * Which detector a tenant's camera runs: the one it names, else the first installed one. What is wrong is said once, not at each look, and of one that workers run only what
 * concerns them. While nobody can say, the one that was chosen before stays.
 */
export const makeDetectorChoice = (tenant: TenantId) =>
  Effect.map(ModelLibrary, (models) => {
    let complaint: string | undefined
    let problemHere: DetectorProblem | undefined
    let problemOfWorkers: DetectorProblem | undefined
    let chosen: InstalledModel | undefined
    let chosenFor: DetectionSettings["model"]

    const complain = (error: Error) =>
      Effect.suspend(() => {
        if (complaint === error.message) return Effect.void
        complaint = error.message
        return Effect.logWarning(`the camera's detector: ${error.message}`)
      })

    const local: DetectorChoice["local"] = (detection) => {
      const { model } = detection
      const wanted =
        model === undefined ? models.preferred(tenant, "objects") : Effect.map(models.installed(tenant, model), Option.some)
      return wanted.pipe(
        Effect.tap((found) =>
          Effect.sync(() => {
            complaint = undefined
            problemHere = Option.isSome(found) ? undefined : noneInstalled
          })
        ),
        Effect.tapError((error) => {
          problemHere = detectorProblem(model, error)
          return detection.placement === "queue" ? Effect.void : complain(error)
        }),
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

    const queued: DetectorChoice["queued"] = ({ model: named, placement }, here) => {
      const model = named ?? here?.descriptor.id
      problemOfWorkers = placement === "queue" && model === undefined ? unnamedForWorkers : undefined
      if (placement !== "queue" || model === undefined) return Effect.succeed(undefined)
      const own = models.own(tenant, model).pipe(
        Option.map(({ sha256, version }) => ({ version, sha256 })),
        Option.getOrUndefined
      )
      return models.permit(tenant, model).pipe(
        Effect.as({ model, own }),
        Effect.catchAll((error) => {
          if (isPassing(error)) return Effect.succeed({ model, own })
          problemOfWorkers = detectorProblem(model, error)
          return Effect.as(complain(error), undefined)
        })
      )
    }

    return { local, queued, problem: () => problemOfWorkers ?? problemHere } satisfies DetectorChoice
  })
