import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { PlaceId, type TenantId } from "../Ids.js"
import type { NewPlace, Place, PlacePatch } from "../Place.js"
import type { ComingBack } from "../Rollback.js"
import type { OutOfReach } from "./GrantStore.js"
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

/** Somebody changed the place since it was read. */
export class PlaceRevisionConflict extends Schema.TaggedError<PlaceRevisionConflict>()("PlaceRevisionConflict", {
  placeId: PlaceId,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message() {
    return `place ${this.placeId} is at revision ${this.actual}, not ${this.expected}: read it again`
  }
}

/** The tree of a tenant's places. */
export class PlaceStore extends Context.Tag("@vigil/core/PlaceStore")<
  PlaceStore,
  {
    /** By name. */
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Place>, StoreUnavailable>
    readonly get: (tenant: TenantId, id: PlaceId) => Effect.Effect<Place, PlaceNotFound | StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      place: NewPlace
    ) => Effect.Effect<Place, PlaceNotFound | PlaceRefused | OutOfReach | StoreUnavailable>
    /** One that was removed; fails with a conflict where it is there. */
    readonly restore: (
      tenant: TenantId,
      back: ComingBack<PlaceId>,
      place: NewPlace
    ) => Effect.Effect<Place, PlaceNotFound | PlaceRefused | PlaceRevisionConflict | OutOfReach | StoreUnavailable>
    readonly update: (
      tenant: TenantId,
      id: PlaceId,
      patch: PlacePatch,
      expectedRevision?: number
    ) => Effect.Effect<Place, PlaceNotFound | PlaceRefused | PlaceRevisionConflict | OutOfReach | StoreUnavailable>
    readonly remove: (
      tenant: TenantId,
      id: PlaceId,
      expectedRevision?: number
    ) => Effect.Effect<void, PlaceNotFound | PlaceRefused | PlaceRevisionConflict | StoreUnavailable>
  }
>() {}
