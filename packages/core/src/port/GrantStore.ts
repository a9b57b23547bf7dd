import { Context, Schema } from "effect"
import type { Effect, Option, Stream } from "effect"
import type { Grants, UserGrants } from "../Grants.js"
import { type CameraId, type TenantId, UserId } from "../Ids.js"
import type { PlaceNotFound } from "./PlaceStore.js"
import type { StoreUnavailable } from "./StoreError.js"
import type { UserNotFound } from "./UserStore.js"

/** What is to be written would not be in reach of whoever writes it: a camera in none of the places and groups, a site. */
export class OutOfReach extends Schema.TaggedError<OutOfReach>()("OutOfReach", { what: Schema.Literal("camera", "place") }) {
  override get message() {
    return `a ${this.what} outside of what the user is limited to`
  }
}

/** Somebody changed what the user is limited to since it was read. */
export class GrantsRevisionConflict extends Schema.TaggedError<GrantsRevisionConflict>()("GrantsRevisionConflict", {
  userId: UserId,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message() {
    return `the grants of user ${this.userId} are at revision ${this.actual}, not ${this.expected}: read them again`
  }
}

/**
 * What users are limited to. Stores see to it themselves: whatever is read or written while a call of a person is served (`Principal`) is within
 * that person's reach, and what is not in reach is not there. This store keeps the grants, and tells of their consequences where something stays open.
 */
export class GrantStore extends Context.Tag("@vigil/core/GrantStore")<
  GrantStore,
  {
    /** Of somebody who is no user of the tenant: nothing, and not limited. */
    readonly get: (tenant: TenantId, user: UserId) => Effect.Effect<UserGrants, StoreUnavailable>
    /** In place of those before. */
    readonly set: (
      tenant: TenantId,
      user: UserId,
      grants: Grants,
      expectedRevision?: number
    ) => Effect.Effect<UserGrants, UserNotFound | PlaceNotFound | GrantsRevisionConflict | StoreUnavailable>
    /** The cameras in the user's reach now; none: all of the tenant's. */
    readonly reach: (tenant: TenantId, user: UserId) => Effect.Effect<Option.Option<ReadonlySet<CameraId>>, StoreUnavailable>
    /** Emits whenever the reach of somebody may have changed, but for cameras, of which their own store tells; a hint to look again. */
    readonly changes: Stream.Stream<void>
  }
>() {}
