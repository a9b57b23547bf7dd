import { Context, Schema } from "effect"
import type { Effect, Option } from "effect"
import type { CameraId, TenantId } from "../Ids.js"
import { type NewWorkerToken, type WorkerToken, WorkerTokenId } from "../WorkerToken.js"
import type { CameraNotFound } from "./CameraStore.js"
import type { StoreUnavailable } from "./StoreError.js"

export class WorkerTokenNotFound extends Schema.TaggedError<WorkerTokenNotFound>()("WorkerTokenNotFound", { id: WorkerTokenId }) {
  override get message() {
    return `there is no worker token ${this.id}`
  }
}

/** Whose cameras a worker may report of; a null camera means all of the tenant's. */
export interface WorkerRight {
  readonly tenantId: TenantId
  readonly cameraId: CameraId | null
}

/** The tokens of external workers, of which only the hashes are kept. */
export class WorkerTokenStore extends Context.Tag("@vigil/core/WorkerTokenStore")<
  WorkerTokenStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<WorkerToken>, StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      token: NewWorkerToken,
      tokenHash: Uint8Array
    ) => Effect.Effect<WorkerToken, CameraNotFound | StoreUnavailable>
    readonly remove: (tenant: TenantId, id: WorkerTokenId) => Effect.Effect<void, WorkerTokenNotFound | StoreUnavailable>
    /** Asked before anybody is known, so it looks at all tenants. */
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<WorkerRight>, StoreUnavailable>
  }
>() {}
