import { Option, Schema } from "effect"
import { spoken } from "../words/FieldWords.js"

/** How one setting of an analytic is asked for, told from its JSON Schema. */
export interface SettingField {
  readonly key: string
  /** `minimumArea` becomes `Minimum area`. */
  readonly label: string
  readonly hint: string
  readonly kind:
    | { readonly _tag: "Number"; readonly min?: number; readonly max?: number; readonly integer: boolean }
    | { readonly _tag: "Boolean" }
    | { readonly _tag: "Choice"; readonly options: ReadonlyArray<string> }
    | { readonly _tag: "Texts" }
    | { readonly _tag: "Text" }
}

const Property = Schema.Struct({
  type: Schema.optional(Schema.Unknown),
  title: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String),
  default: Schema.optional(Schema.Unknown),
  minimum: Schema.optional(Schema.Number),
  maximum: Schema.optional(Schema.Number),
  enum: Schema.optional(Schema.Array(Schema.Unknown)),
  $ref: Schema.optional(Schema.String),
  allOf: Schema.optional(Schema.Array(Schema.Unknown)),
  items: Schema.optional(Schema.Unknown)
})
type Property = typeof Property.Type

const asProperty = Schema.decodeUnknownOption(Property)
const asObject = Schema.decodeUnknownOption(
  Schema.Struct({
    properties: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    $defs: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  })
)

const deepest = 8

/** The property with what its references and `allOf` parts say, its own words first. */
const resolve = (value: unknown, definitions: Readonly<Record<string, unknown>>, depth = 0): Property => {
  const own = Option.getOrElse(asProperty(value), (): Property => ({}))
  if (depth > deepest) return own
  const parts = [...(own.allOf ?? []), ...(own.$ref === undefined ? [] : [definitions[own.$ref.replace("#/$defs/", "")]])]
  return parts.reduce((all: Property, part) => ({ ...resolve(part, definitions, depth + 1), ...all }), own)
}

const kindOf = (property: Property, definitions: Readonly<Record<string, unknown>>): SettingField["kind"] | undefined => {
  const options = property.enum?.filter((option) => typeof option === "string")
  if (options !== undefined && options.length > 0) return { _tag: "Choice", options }
  switch (property.type) {
    case "number":
    case "integer":
      return {
        _tag: "Number",
        integer: property.type === "integer",
        ...(property.minimum === undefined ? {} : { min: property.minimum }),
        ...(property.maximum === undefined ? {} : { max: property.maximum })
      }
    case "boolean":
      return { _tag: "Boolean" }
    case "string":
      return { _tag: "Text" }
    case "array":
      return resolve(property.items, definitions).type === "string" ? { _tag: "Texts" } : undefined
    default:
      return undefined
  }
}

const rangeWords = (kind: SettingField["kind"]): string =>
  kind._tag === "Number" && kind.min !== undefined && kind.max !== undefined ? `${kind.min} to ${kind.max}` : ""

/** A description that a person wrote, not one that a schema library made of a range. */
const written = ({ description }: Property): string =>
  description === undefined || /^an? (number|string|non|integer)/.test(description) ? "" : description

/** The settings that a form can ask for; others keep their values. */
export const settingFields = (schema: unknown): ReadonlyArray<SettingField> => {
  const object = Option.getOrUndefined(asObject(schema))
  if (object === undefined) return []
  const definitions = object.$defs ?? {}
  return Object.entries(object.properties).flatMap(([key, value]) => {
    const property = resolve(value, definitions)
    const kind = kindOf(property, definitions)
    if (kind === undefined) return []
    const parts = [
      written(property),
      rangeWords(kind),
      key.endsWith("Duration") || key === "cooldown" || key.endsWith("After") ? "milliseconds" : "",
      property.default === undefined ? "" : `default ${shown(property.default) || "none"}`
    ]
    return [{ key, label: spoken(key), hint: parts.filter((part) => part !== "").join(" · "), kind }]
  })
}

/** The settings after somebody typed into a field; an empty field goes back to the analytic's default. */
export const withSetting = (
  settings: Readonly<Record<string, unknown>>,
  { key, kind }: SettingField,
  typed: string
): Readonly<Record<string, unknown>> => {
  const { [key]: _, ...others } = settings
  if (typed.trim() === "") return others
  switch (kind._tag) {
    case "Number":
      return Number.isFinite(Number(typed)) ? { ...others, [key]: Number(typed) } : settings
    case "Boolean":
      return { ...others, [key]: typed === "true" }
    case "Texts":
      return { ...others, [key]: typed.split(",").map((part) => part.trimStart()) }
    case "Choice":
    case "Text":
      return { ...others, [key]: typed }
  }
}

/** What a field shows for a value; empty where the default holds, and for what no field can show. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(shown).join(", ")
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : ""
}
