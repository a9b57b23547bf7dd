import { Schema } from "effect"
import type { AuditChange } from "./AuditEntry.js"
import { Label } from "./Camera.js"
import { PlaceId } from "./Ids.js"
import type { User } from "./User.js"

/** What a user is limited to: the cameras in the places, or in places within those, and the cameras of the groups. */
export const Grants = Schema.Struct({
  places: Schema.Array(PlaceId).pipe(Schema.maxItems(200)),
  groups: Schema.Array(Label).pipe(Schema.maxItems(200))
}).annotations({ identifier: "Grants" })
export type Grants = typeof Grants.Type

/** Grants as they are kept. */
export const UserGrants = Schema.Struct({
  ...Grants.fields,
  /** Whether they limit their user now: they limit no administrator, and nobody is limited without any. */
  limited: Schema.Boolean,
  /** Counts changes. */
  revision: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "UserGrants" })
export type UserGrants = typeof UserGrants.Type

export const grantsSet = ({ id }: Pick<User, "id">, before: Grants, after: Grants): AuditChange => ({
  action: "user.grants",
  subject: { type: "user", id },
  before: { places: before.places, groups: before.groups },
  after: { places: after.places, groups: after.groups }
})
