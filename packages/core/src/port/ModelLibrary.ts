import { Context, Schema } from "effect"
import type { Effect, Option, Stream } from "effect"
import { CameraId, ModelId, type TenantId } from "../Ids.js"
import type { LicenceRefused } from "../Licence.js"
import type { CatalogueEntry, ModelDescriptor, ModelError, ModelTask } from "../Model.js"
import { requirementText, UnmetRequirement } from "../ModelSuitability.js"
import type { InstalledModel } from "./ModelCatalogue.js"
import type { StoreUnavailable } from "./StoreError.js"

/** A camera cannot be given the model: nobody knows it, it cannot be run there, or what it needs is not there. */
export class ModelUnsuitable extends Schema.TaggedError<ModelUnsuitable>()("ModelUnsuitable", {
  model: ModelId,
  /** Absent of a camera that is about to be added. */
  cameraId: Schema.optional(CameraId),
  reason: Schema.Literal("unknown", "requirements"),
  detail: Schema.String,
  unmet: Schema.Array(UnmetRequirement)
}) {
  override get message() {
    return `model ${this.model}: ${[this.detail, ...this.unmet.map(requirementText)].filter(Boolean).join("; ")}`
  }
}

/** A model that a tenant's cameras can be given. */
export interface OfferedModel extends CatalogueEntry {
  /** The tenant brought it itself. */
  readonly own: boolean
}

/** The models of a tenant's cameras: those of the installation, and the active versions of the tenant's own, which come first where they have the same id. */
export class ModelLibrary extends Context.Tag("@vigil/core/ModelLibrary")<
  ModelLibrary,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<OfferedModel>, ModelError | StoreUnavailable>
    readonly find: (tenant: TenantId, id: ModelId) => Effect.Effect<Option.Option<OfferedModel>, ModelError | StoreUnavailable>
    /** The active version of the tenant's own model of that id. */
    readonly own: (tenant: TenantId, id: ModelId) => Option.Option<ModelDescriptor>
    /** Fails where the tenant's licence does not allow the model. */
    readonly permit: (tenant: TenantId, id: ModelId) => Effect.Effect<void, LicenceRefused | ModelError | StoreUnavailable>
    /** The model on this node, whose file was verified; one that the licence does not allow is not given. */
    readonly installed: (
      tenant: TenantId,
      id: ModelId
    ) => Effect.Effect<InstalledModel, ModelError | LicenceRefused | StoreUnavailable>
    /** The model to use where a camera names none: the first installed one of the task that the licence allows. */
    readonly preferred: (
      tenant: TenantId,
      task: ModelTask
    ) => Effect.Effect<Option.Option<InstalledModel>, ModelError | StoreUnavailable>
    /** Emits when the tenants' own models changed. */
    readonly changes: Stream.Stream<void>
  }
>() {}
