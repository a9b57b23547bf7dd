import type { ObjectVersion } from "@vigil/core/ObjectHistory"
import { Predicate } from "effect"
import { spoken } from "./FieldWords.js"

type Names = ReadonlyMap<string, string>

export const isAddition = ({ action }: ObjectVersion): boolean => /\.(create|make)$|^set-up$/.test(action)

/** What was done to make the version. */
export const versionWords = (version: ObjectVersion): string => {
  const { changed, rolledBackTo, values } = version
  if (rolledBackTo !== null) return `Went back to version ${rolledBackTo}`
  if (values === null) return "Removed"
  if (isAddition(version)) return "Added"
  return changed.length === 0 ? "Changed" : `Changed: ${changed.map(fieldWords).join(", ")}`
}

const labels: Readonly<Record<string, string>> = {
  url: "Address",
  placeId: "Place",
  parentId: "Is in",
  displayName: "Name",
  email: "Mail address",
  tls: "Trusted certificate"
}

/** The name of a field; keys of settings as they are. */
export const fieldWords = (field: string): string => labels[field] ?? (field.includes(".") ? field : spoken(field))

/** Zones, lines and masks by name and corners; others as they are. */
const partText = (part: unknown, names: Names): string => {
  if (!Predicate.isReadonlyRecord(part)) return valueText(part, names)
  const { analytic, name, polygon } = part
  if (typeof name === "string") return Array.isArray(polygon) ? `${name} (${polygon.length} corners)` : name
  return typeof analytic === "string" ? analytic : JSON.stringify(part)
}

/** A field's value for people; ids of what has a name by that. */
export const valueText = (value: unknown, names: Names): string => {
  if (value === null || value === undefined || value === "") return "nothing"
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((part) => partText(part, names)).join(", ")
  if (typeof value === "string") return names.get(value) ?? value
  if (typeof value === "boolean") return value ? "yes" : "no"
  return JSON.stringify(value)
}

/** Both sides of a change; where they would read alike, what differs is said. */
export const changeTexts = (before: unknown, after: unknown, names: Names): readonly [string, string] => {
  const texts = [valueText(before, names), valueText(after, names)] as const
  return texts[0] === texts[1] ? [texts[0], `${texts[1]}, with other details`] : texts
}
