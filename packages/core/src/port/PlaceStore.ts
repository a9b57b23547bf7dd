import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { PlaceId, type TenantId } from "../Ids.js"
import type { NewPlace, Place, PlacePatch } from "../Place.js"
import type { StoreUnavailable } from "./StoreError.js"

export class PlaceNotFound extends Schema.TaggedError<PlaceNotFound>()("PlaceNotFound", { placeId: PlaceId }) {
  override get message() {
    return `there is no place ${this.placeId}`
  }
}

/** `name-taken` by another in the same place, `wrong-parent` of another kind than it must be, `in-use` by cameras or places in it. */
export class PlaceRefused extends Schema.TaggedError<PlaceRefused>()("PlaceRefused", {
  reason: Schema.Literal("name-taken", "wrong-parent", "in-use"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** The tree of a tenant's places. */
export class PlaceStore extends Context.Tag("@vigil/core/PlaceStore")<
  PlaceStore,
  {
    /** By name. */
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Place>, StoreUnavailable>
    readonly get: (tenant: TenantId, id: PlaceId) => Effect.Effect<Place, PlaceNotFound | StoreUnavailable>
    readonly create: (tenant: TenantId, place: NewPlace) => Effect.Effect<Place, PlaceNotFound | PlaceRefused | StoreUnavailable>
    readonly update: (
      tenant: TenantId,
      id: PlaceId,
      patch: PlacePatch
    ) => Effect.Effect<Place, PlaceNotFound | PlaceRefused | StoreUnavailable>
    readonly remove: (tenant: TenantId, id: PlaceId) => Effect.Effect<void, PlaceNotFound | PlaceRefused | StoreUnavailable>
  }
>() {}
