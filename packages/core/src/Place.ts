import { Schema } from "effect"
import { PlaceId, TenantId } from "./Ids.js"

/** From the largest to the smallest; each but a site is in one of the kind before it. */
export const PlaceKind = Schema.Literal("site", "building", "floor", "zone")
export type PlaceKind = typeof PlaceKind.Type

/** No `/`, which stands between the names of a path. */
const Name = Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(100), Schema.pattern(/^[^/\p{Cc}\p{Cs}]*$/u))

/** Where cameras hang. */
export class Place extends Schema.Class<Place>("Place")({
  id: PlaceId,
  tenantId: TenantId,
  kind: PlaceKind,
  name: Name,
  /** Null of a site. */
  parentId: Schema.NullOr(PlaceId),
  /** Counts changes. */
  revision: Schema.Int.pipe(Schema.positive()),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}) {}

export const NewPlace = Schema.Struct({
  kind: PlaceKind,
  name: Name,
  parentId: Schema.optionalWith(Schema.NullOr(PlaceId), { default: () => null })
}).annotations({ identifier: "NewPlace" })
export type NewPlace = typeof NewPlace.Type

/** What is to change; absent fields stay. */
export const PlacePatch = Schema.partial(Schema.Struct({ name: Name, parentId: Schema.NullOr(PlaceId) })).annotations({
  identifier: "PlacePatch"
})
export type PlacePatch = typeof PlacePatch.Type

/** The kind of place that this one is in; undefined of a site. */
export const parentKind = (kind: PlaceKind): PlaceKind | undefined => PlaceKind.literals[PlaceKind.literals.indexOf(kind) - 1]

/** The names from the site down, by id, as `North/Hall 2/Ground floor`. */
export const placePaths = (places: ReadonlyArray<Place>): ReadonlyMap<PlaceId, string> => {
  const byId = new Map(places.map((place) => [place.id, place]))
  const pathOf = ({ name, parentId }: Place): string => {
    const parent = parentId === null ? undefined : byId.get(parentId)
    return parent === undefined ? name : `${pathOf(parent)}/${name}`
  }
  return new Map(places.map((place) => [place.id, pathOf(place)]))
}
