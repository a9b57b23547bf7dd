import { Schema } from "effect"

/** What is said at one level, by key: only what is said there. */
export const SettingValues = Schema.Record({ key: Schema.String, value: Schema.Unknown }).annotations({
  identifier: "SettingValues"
})
export type SettingValues = typeof SettingValues.Type

/** From the most general to the most special: what is said later holds. */
export const SettingLevel = Schema.Literal("system", "tenant", "site", "camera")
export type SettingLevel = typeof SettingLevel.Type

/** Values to set by key; null takes one away, so that the level above holds again. */
export const SettingPatch = Schema.Record({ key: Schema.String, value: Schema.Unknown }).annotations({
  identifier: "SettingPatch",
  description: "Values to set by key; null takes one away, so that the level above holds again."
})
export type SettingPatch = typeof SettingPatch.Type

/** What a level says after a change. */
export const patched = (values: SettingValues, patch: SettingPatch): SettingValues =>
  Object.fromEntries(Object.entries({ ...values, ...patch }).filter(([, value]) => value !== null))

/** Of two levels the same is said, in whatever order. */
export const sameValues = (a: SettingValues, b: SettingValues): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]))
}
