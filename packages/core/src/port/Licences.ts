import { Context, DateTime, Effect, Layer } from "effect"
import type { ModelId, TenantId } from "../Ids.js"
import { type Licence, type LicenceRefused, type LicenceStanding, standingOf, unlimitedLicence } from "../Licence.js"
import type { ChangedMeanwhile, Expected } from "./Expected.js"
import type { StoreUnavailable } from "./StoreError.js"
import type { TenantNotFound } from "./TenantStore.js"

/**
 * What each tenant may use. Cameras are counted by the `CameraStore`, in the transaction that adds or enables them; models are asked for by whoever
 * is about to use one.
 */
export class Licences extends Context.Tag("@vigil/core/Licences")<
  Licences,
  {
    readonly standing: (tenant: TenantId) => Effect.Effect<LicenceStanding, TenantNotFound | StoreUnavailable>
    /** Fails where the tenant may not use the model now. Asked for with each use: it costs a query every few seconds at the most. */
    readonly requireModel: (tenant: TenantId, model: ModelId) => Effect.Effect<void, LicenceRefused | StoreUnavailable>
    readonly change: (
      tenant: TenantId,
      licence: Licence,
      expected?: Expected<Licence>
    ) => Effect.Effect<LicenceStanding, TenantNotFound | ChangedMeanwhile | StoreUnavailable>
  }
>() {
  /** For an edge or an embedder, who has no licences: everything is allowed, and no change is kept. */
  static readonly layerUnlimited: Layer.Layer<Licences> = Layer.sync(Licences, () => {
    const standing = Effect.map(DateTime.now, (now) => standingOf(unlimitedLicence, 0, now))
    return Licences.of({ standing: () => standing, requireModel: () => Effect.void, change: () => standing })
  })
}
