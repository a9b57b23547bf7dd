import { Context, Schema } from "effect"
import type { Effect, Stream } from "effect"
import { ModelId, type TenantId } from "../Ids.js"
import type { ModelDescriptor } from "../Model.js"
import { type ModelVerdict, type ModelVersion, type NewModelVersion, VersionName } from "../ModelVersion.js"
import type { StoreUnavailable } from "./StoreError.js"

export class ModelVersionNotFound extends Schema.TaggedError<ModelVersionNotFound>()("ModelVersionNotFound", {
  model: ModelId,
  version: Schema.optional(VersionName)
}) {
  override get message() {
    return this.version === undefined
      ? `there is no model ${this.model} of your own`
      : `there is no version ${this.version} of the model ${this.model}`
  }
}

/**
 * - `too-large`: the installation takes no files of that size, or none at all;
 * - `exists`: there is a version of this name, of another file;
 * - `too-many`: of versions, or of bytes of all of them together;
 * - `part`: the file has no such part, or it has another size;
 * - `state`: the version's state does not allow it;
 * - `in-use`: it is active, or cameras name the model.
 */
export class ModelVersionRefused extends Schema.TaggedError<ModelVersionRefused>()("ModelVersionRefused", {
  reason: Schema.Literal("too-large", "exists", "too-many", "part", "state", "in-use"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

type Absent = ModelVersionNotFound | StoreUnavailable
type Refused = ModelVersionRefused | Absent

/** A version that cameras run. */
export interface ActiveModel {
  readonly tenantId: TenantId
  readonly descriptor: ModelDescriptor
}

/** How many versions, and bytes of all of them, a tenant may have. */
export const modelLimits = { versions: 200, bytes: 5_000_000_000 }

/** The models that tenants brought themselves, with their files, which arrive and leave in parts of `partSize`. */
export class ModelStore extends Context.Tag("@vigil/core/ModelStore")<
  ModelStore,
  {
    /** All versions by model, the newest first. */
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<ModelVersion>, StoreUnavailable>
    readonly get: (tenant: TenantId, model: ModelId, version: VersionName) => Effect.Effect<ModelVersion, Absent>
    /** Answers the version that is there where it is of the same file, so that an upload can be taken up again. */
    readonly create: (
      tenant: TenantId,
      model: ModelId,
      version: NewModelVersion
    ) => Effect.Effect<ModelVersion, ModelVersionRefused | StoreUnavailable>
    /** Keeps a part of the file of a version that is not ready; a part may come again. */
    readonly putPart: (
      tenant: TenantId,
      model: ModelId,
      version: VersionName,
      part: number,
      bytes: Uint8Array
    ) => Effect.Effect<ModelVersion, Refused>
    /** Says what came of looking at the file of a version that is not ready. */
    readonly judge: (
      tenant: TenantId,
      model: ModelId,
      version: VersionName,
      verdict: ModelVerdict
    ) => Effect.Effect<ModelVersion, Refused>
    /** Has cameras that name the model run this version, which must be ready, instead of another one. */
    readonly activate: (tenant: TenantId, model: ModelId, version: VersionName) => Effect.Effect<ModelVersion, Refused>
    /** Has no version of the model run; refused while cameras name it. */
    readonly deactivate: (tenant: TenantId, model: ModelId) => Effect.Effect<void, Refused>
    /** Removes a version that is not active, and its file. */
    readonly remove: (tenant: TenantId, model: ModelId, version: VersionName) => Effect.Effect<void, Refused>
    /** A part of a version's file; empty where it is not here. */
    readonly part: (
      tenant: TenantId,
      model: ModelId,
      version: VersionName,
      part: number
    ) => Effect.Effect<Uint8Array, StoreUnavailable>
    /** What cameras run, of all tenants. */
    readonly active: Effect.Effect<ReadonlyArray<ActiveModel>, StoreUnavailable>
    /** Emits whenever something may have changed; a hint to read again. */
    readonly changes: Stream.Stream<void>
  }
>() {}
