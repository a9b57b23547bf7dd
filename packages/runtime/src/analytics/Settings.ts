import type { Zone } from "@vigil/core/geometry/Zone"
import { Schema } from "effect"

/** Forms show the description and the default of each setting; both are in the JSON Schema. */
const setting = <A, I>(schema: Schema.Schema<A, I>, byDefault: A, description: string) =>
  Schema.optionalWith(schema.annotations({ description, default: byDefault }), { default: () => byDefault })

/** A share, 0..1. */
export const share = (byDefault: number, description: string) =>
  setting(Schema.Number.pipe(Schema.between(0, 1)), byDefault, description)

/** A duration in milliseconds, up to an hour. */
export const milliseconds = (byDefault: number, description: string) =>
  setting(Schema.Number.pipe(Schema.between(0, 3_600_000)), byDefault, `${description}, in milliseconds`)

/** Names, for example of zones or lines that are drawn on the camera. */
export const names = (byDefault: ReadonlyArray<string>, description: string) =>
  setting(Schema.Array(Schema.String), byDefault, description)

export const choice = (byDefault: boolean, description: string) => setting(Schema.Boolean, byDefault, description)

/** The drawn zones (or lines) of these names. No name at all means `all` of them, or `none`. */
export const zonesNamed = <A extends Pick<Zone, "name">>(
  drawn: ReadonlyArray<A>,
  wanted: ReadonlyArray<string>,
  whenEmpty: "all" | "none"
): ReadonlyArray<A> => (wanted.length > 0 ? drawn.filter(({ name }) => wanted.includes(name)) : whenEmpty === "all" ? drawn : [])
