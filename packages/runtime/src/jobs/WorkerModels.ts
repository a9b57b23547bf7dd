import type { Unauthorized } from "@vigil/core/contract/Principal"
import type { ModelId, TenantId } from "@vigil/core/Ids"
import { ModelError } from "@vigil/core/Model"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { OwnModels } from "@vigil/core/port/OwnModels"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { VideoJobTerms } from "@vigil/core/VideoJob"
import { Context, Effect, Layer } from "effect"
import { followOwnModels, ownModel } from "../model/FollowOwnModels.js"
import type { OwnModelFolder } from "../model/OwnModelFiles.js"
import { WorkerIdentity } from "./WorkerRpcNats.js"

/** A job waits for its model's file no longer. */
const patience = "2 minutes"

/** What a worker looks at jobs with. */
export class WorkerModels extends Context.Tag("@vigil/runtime/WorkerModels")<
  WorkerModels,
  {
    /** Whose jobs the worker works off; absent: everybody's, with a model of the installation. */
    readonly owner?: TenantId
    /** Fails once the worker may not go on. */
    readonly refused: Effect.Effect<never, Unauthorized>
    /** The model as a job is to be looked at with now; an error is the reason that this try at the job fails. */
    readonly modelOf: (terms: Pick<VideoJobTerms, "own">) => Effect.Effect<InstalledModel, ModelError | StoreUnavailable>
  }
>() {
  /** A model of the installation; fails where it is not installed on this machine. */
  static readonly layerInstalled = (id: ModelId): Layer.Layer<WorkerModels, ModelError, ModelCatalogue> =>
    Layer.effect(
      WorkerModels,
      Effect.map(
        Effect.flatMap(ModelCatalogue, ({ installed }) => installed(id)).pipe(
          Effect.mapError((error) =>
            error.reason === "unknown"
              ? new ModelError({ ...error, detail: `${error.detail}; a tenant's own takes a worker token (--token-file)` })
              : error
          )
        ),
        (model) => ({ refused: Effect.never, modelOf: () => Effect.succeed(model) })
      )
    )

  /**
   * The tenant's own model of that id: its active version, whichever that becomes. A job that was made for another one than is known here has this worker ask anew. Fails where no
   * version is active, or nobody can say.
   */
  static readonly layerOwn = (
    id: ModelId
  ): Layer.Layer<WorkerModels, ModelError | StoreUnavailable, OwnModels | OwnModelFolder | WorkerIdentity> =>
    Layer.scoped(
      WorkerModels,
      Effect.gen(function* () {
        const { refused, tenantId } = yield* WorkerIdentity
        const models = yield* followOwnModels(yield* OwnModels, patience)
        const active = Effect.suspend(() => {
          const known = ownModel(models, tenantId, id)
          const detail = "no version of it is active: `vigil models activate`"
          return known === undefined ? new ModelError({ model: id, reason: "unknown", detail }) : Effect.succeed(known)
        })
        const modelOf = (wanted: VideoJobTerms["own"]) =>
          Effect.gen(function* () {
            if (ownModel(models, tenantId, id)?.sha256 !== wanted?.sha256) yield* models.look
            return yield* models.installed(tenantId, yield* active)
          })
        yield* models.look
        yield* Effect.flatMap(active, (descriptor) => models.installed(tenantId, descriptor))
        return { owner: tenantId, refused, modelOf: ({ own }) => modelOf(own) }
      })
    )
}
