import { Context } from "effect"
import type { DateTime, Effect, Option } from "effect"
import type { CameraId, TenantId } from "../Ids.js"
import type { CameraNotFound } from "./CameraStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Whoever has the token may publish to this camera, and nothing else. */
export interface PublishRight {
  readonly tenantId: TenantId
  readonly cameraId: CameraId
}

/** One publish token per camera, of which only the hash is kept. */
export class PublishTokenStore extends Context.Tag("@vigil/core/PublishTokenStore")<
  PublishTokenStore,
  {
    /** Takes the place of the camera's token before, which is worth nothing from then on. */
    readonly set: (
      tenant: TenantId,
      camera: CameraId,
      tokenHash: Uint8Array
    ) => Effect.Effect<void, CameraNotFound | StoreUnavailable>
    /** Does nothing where there is none. */
    readonly remove: (tenant: TenantId, camera: CameraId) => Effect.Effect<void, CameraNotFound | StoreUnavailable>
    /** When the camera's token was made. */
    readonly madeAt: (tenant: TenantId, camera: CameraId) => Effect.Effect<Option.Option<DateTime.Utc>, StoreUnavailable>
    /** Asked before anybody is known, so it looks at all tenants. */
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<PublishRight>, StoreUnavailable>
  }
>() {}
