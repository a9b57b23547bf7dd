import { Effect, Either, Predicate, Schema } from "effect"
import type { AnalyticDescriptor } from "../Analytic.js"
import { AnalyticId, ModelId } from "../Ids.js"
import { issueSentence } from "../IssueSentence.js"
import { AnalyticCatalogue } from "../port/AnalyticCatalogue.js"
import { analyticSettings, type KnownSetting, modelSettings, settings } from "./Setting.js"
import type { SettingPatch, SettingValues } from "./SettingValues.js"

/** A parameter, as it is told to people and forms. */
export const SettingDefinition = Schema.Struct({
  /** `*` stands for the id of a model. */
  key: Schema.String,
  description: Schema.String,
  /** Null where each model has one of its own. */
  default: Schema.Unknown,
  /** JSON Schema (2020-12) of its values. */
  schema: Schema.Unknown
}).annotations({ identifier: "SettingDefinition" })
export type SettingDefinition = typeof SettingDefinition.Type

/** There is no such parameter, or the value is none of its. */
export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  key: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `setting ${this.key}: ${this.detail}`
  }
}

const defined = ({ byDefault, description, jsonSchema, key }: KnownSetting, prefix = ""): SettingDefinition => ({
  key: prefix + key,
  description,
  default: byDefault,
  schema: jsonSchema
})

/** An analytic's own settings are what its JSON Schema says. */
const ownOf = ({ id, settings: schema }: AnalyticDescriptor): ReadonlyArray<SettingDefinition> => {
  const properties = Predicate.isReadonlyRecord(schema) ? schema["properties"] : undefined
  if (!Predicate.isReadonlyRecord(properties)) return []
  return Object.entries(properties).map(([name, property]) => {
    const { default: byDefault = null, description = "" } = Predicate.isReadonlyRecord(property) ? property : {}
    return { key: `analytic.${id}.${name}`, description: String(description), default: byDefault, schema: property }
  })
}

/** Those that every analytic has are by default what it asks for itself. */
const ofEvery = ({ id, priority, requirements }: AnalyticDescriptor): ReadonlyArray<SettingDefinition> => {
  const itself: SettingValues = { priority, ...requirements }
  return analyticSettings.map((known) => defined({ ...known, byDefault: itself[known.key] ?? null }, `analytic.${id}.`))
}

/** Every parameter of this program. */
export const settingDefinitions: Effect.Effect<ReadonlyArray<SettingDefinition>, never, AnalyticCatalogue> = Effect.map(
  AnalyticCatalogue,
  ({ list }) => [
    ...settings.map((known) => defined(known)),
    ...list.flatMap((analytic) => [...ownOf(analytic), ...ofEvery(analytic)]),
    ...modelSettings.map((known) => defined(known, "model.*."))
  ]
)

const noSuch = (key: string) =>
  new InvalidSetting({ key, detail: "there is no such setting: `vigil settings list` tells which there are" })

const checkKnown = (key: string, known: KnownSetting | undefined, value: unknown): Effect.Effect<void, InvalidSetting> => {
  if (known === undefined) return noSuch(key)
  const checked = known.check(value)
  return Either.isRight(checked) ? Effect.void : new InvalidSetting({ key, detail: issueSentence(checked.left) })
}

/** The id, which may have dots in it, and the name behind it. */
const partsOf = (key: string) => {
  const [family = ""] = key.split(".", 1)
  const end = key.lastIndexOf(".")
  return { family, id: key.slice(family.length + 1, end), name: key.slice(end + 1) }
}

const checkAnalytic = (key: string, id: string, name: string, value: unknown) =>
  Effect.gen(function* () {
    const { check, list } = yield* AnalyticCatalogue
    const known = analyticSettings.find((setting) => setting.key === name)
    if (!Schema.is(AnalyticId)(id) || !list.some((analytic) => analytic.id === id)) return yield* noSuch(key)
    if (known !== undefined) return yield* checkKnown(key, known, value)
    yield* Effect.mapError(
      check({ analytic: id, settings: { [name]: value } }),
      ({ detail }) => new InvalidSetting({ key, detail })
    )
  })

const checkSetting = (key: string, value: unknown) => {
  const { family, id, name } = partsOf(key)
  if (family === "analytic") return checkAnalytic(key, id, name, value)
  if (family !== "model")
    return checkKnown(
      key,
      settings.find((setting) => setting.key === key),
      value
    )
  return Schema.is(ModelId)(id)
    ? checkKnown(
        key,
        modelSettings.find((setting) => setting.key === name),
        value
      )
    : noSuch(key)
}

/** What may be kept. */
export const checkSettings = (values: SettingValues) =>
  Effect.forEach(Object.entries(values), ([key, value]) => checkSetting(key, value), { discard: true })

/** What may be asked for: whatever is there, also of a newer Vigil, may be taken away. */
export const checkSettingPatch = (patch: SettingPatch) =>
  checkSettings(Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null)))
