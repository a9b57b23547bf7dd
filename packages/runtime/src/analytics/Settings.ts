import type { Zone } from "@vigil/core/geometry/Zone"
import { Schema } from "effect"

/** A share, 0..1. */
export const share = (byDefault: number) =>
  Schema.optionalWith(Schema.Number.pipe(Schema.between(0, 1)), { default: () => byDefault })

/** A duration in milliseconds, up to an hour. */
export const milliseconds = (byDefault: number) =>
  Schema.optionalWith(Schema.Number.pipe(Schema.between(0, 3_600_000)), { default: () => byDefault })

/** Names of zones or lines that are drawn on the camera. */
export const zoneNames = Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })

/** The drawn zones (or lines) of these names. No name at all means `all` of them, or `none`. */
export const zonesNamed = <A extends Pick<Zone, "name">>(
  drawn: ReadonlyArray<A>,
  names: ReadonlyArray<string>,
  whenEmpty: "all" | "none"
): ReadonlyArray<A> => (names.length > 0 ? drawn.filter(({ name }) => names.includes(name)) : whenEmpty === "all" ? drawn : [])
