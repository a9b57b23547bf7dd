import { Option, Schema } from "effect"
import { PlaceId, type TenantId } from "../Ids.js"
import type { SettingDefinition } from "./SettingCatalogue.js"
import { SettingLevel, SettingValues } from "./SettingValues.js"

/** What one level says. Revision 0: nothing was ever said there. */
export const LevelSettings = Schema.Struct({
  values: SettingValues,
  revision: Schema.Int.pipe(Schema.nonNegative())
}).annotations({ identifier: "LevelSettings" })
export type LevelSettings = typeof LevelSettings.Type

export const nothingSaid: LevelSettings = { values: {}, revision: 0 }

const asPlace = Schema.decodeUnknownOption(PlaceId)

/** Where something may be said, but for cameras, which have it in their own configuration. */
export type SettingScope =
  | { readonly level: "system" }
  | { readonly level: "tenant" }
  | { readonly level: "site"; readonly site: PlaceId }

/** The id under which the audit trail has a level: that of the site or the tenant; the nil UUID of the system. */
export const settingsSubject = (tenant: TenantId, scope: SettingScope): string => {
  if (scope.level === "system") return "00000000-0000-0000-0000-000000000000"
  return scope.level === "tenant" ? tenant : scope.site
}

/** The level that the audit trail has under an id: {@link settingsSubject} the other way round. */
export const scopeOfSubject = (tenant: TenantId, id: string): Option.Option<SettingScope> => {
  const scopes: ReadonlyArray<SettingScope> = [
    { level: "system" },
    { level: "tenant" },
    ...Option.toArray(Option.map(asPlace(id), (site) => ({ level: "site" as const, site })))
  ]
  return Option.fromNullable(scopes.find((scope) => settingsSubject(tenant, scope) === id))
}

/** What a tenant says for all of its cameras, and for those of its sites. */
export const TenantSettings = Schema.Struct({
  tenant: LevelSettings,
  sites: Schema.ReadonlyMap({ key: PlaceId, value: LevelSettings }),
  /** The site of each place; a site is its own. */
  siteOf: Schema.ReadonlyMap({ key: PlaceId, value: PlaceId })
})
export type TenantSettings = typeof TenantSettings.Type

/** Everything that is said above cameras of one tenant. */
export const InheritedSettings = Schema.Struct({ system: LevelSettings, ofTenant: TenantSettings })
export type InheritedSettings = typeof InheritedSettings.Type

/** What is said above the cameras at these places, and nothing of other places. */
export const inheritedAt = (
  system: LevelSettings,
  { siteOf, sites, tenant }: TenantSettings,
  places: ReadonlySet<PlaceId | null>
): InheritedSettings => {
  const known = [...siteOf].filter(([place]) => places.has(place))
  const needed = new Set(known.map(([, site]) => site))
  return {
    system,
    ofTenant: { tenant, sites: new Map([...sites].filter(([site]) => needed.has(site))), siteOf: new Map(known) }
  }
}

/** A level with what it says. */
export interface SaidLevel {
  readonly level: SettingLevel
  /** Of a site or a camera. */
  readonly id?: string
  readonly values: SettingValues
}

/** What holds at a place of a tenant, or wherever no place is said, the nearest first. */
export const levelsAt = (system: LevelSettings, said: TenantSettings, place: PlaceId | null): ReadonlyArray<SaidLevel> => {
  const site = place === null ? undefined : said.siteOf.get(place)
  const ofSite = site === undefined ? undefined : said.sites.get(site)
  return [
    ...(site === undefined ? [] : [{ level: "site" as const, id: site, values: ofSite?.values ?? {} }]),
    { level: "tenant", values: said.tenant.values },
    { level: "system", values: system.values }
  ]
}

/** Who says a value; `default`: nobody, it is Vigil's own, or the model's or analytic's. */
const SettingOrigin = Schema.Struct({
  level: Schema.Literal("default", ...SettingLevel.literals),
  /** Of the site or camera. */
  id: Schema.optional(Schema.UUID)
}).annotations({ identifier: "SettingOrigin" })
type SettingOrigin = typeof SettingOrigin.Type

const Said = Schema.Struct({ value: Schema.Unknown, origin: SettingOrigin })

/** What holds at a level, and who says so. */
export const EffectiveSetting = Schema.Struct({
  key: Schema.String,
  ...Said.fields,
  /** What would hold if the level itself did not say anything; only where it does. */
  inherited: Schema.optional(Said)
}).annotations({ identifier: "EffectiveSetting" })
export type EffectiveSetting = typeof EffectiveSetting.Type

/** Everything that holds at a level. */
export const SettingsView = Schema.Struct({
  level: SettingLevel,
  id: Schema.NullOr(Schema.UUID),
  /** For `If-Match`. */
  revision: Schema.Int.pipe(Schema.nonNegative()),
  settings: Schema.Array(EffectiveSetting)
}).annotations({ identifier: "SettingsView" })
export type SettingsView = typeof SettingsView.Type

const originOf = ({ id, level }: SaidLevel): SettingOrigin => ({ level, ...(id === undefined ? {} : { id }) })

const heldBy = (key: string, byDefault: unknown, nearestFirst: ReadonlyArray<SaidLevel>): typeof Said.Type => {
  const says = nearestFirst.find(({ values }) => key in values)
  return says === undefined
    ? { value: byDefault, origin: { level: "default" } }
    : { value: says.values[key], origin: originOf(says) }
}

/** Every parameter with what holds at the first of the levels; parameters that are defined nowhere too, where a level says one. */
export const effectiveSettings = (
  definitions: ReadonlyArray<SettingDefinition>,
  nearestFirst: ReadonlyArray<SaidLevel>
): ReadonlyArray<EffectiveSetting> => {
  const defaults = new Map(definitions.filter(({ key }) => !key.includes("*")).map((known) => [known.key, known.default]))
  const said = nearestFirst.flatMap(({ values }) => Object.keys(values))
  const [own, ...above] = nearestFirst
  return [...new Set([...defaults.keys(), ...said])].map((key) => {
    const byDefault = defaults.get(key) ?? null
    const holds = { key, ...heldBy(key, byDefault, nearestFirst) }
    return own !== undefined && key in own.values ? { ...holds, inherited: heldBy(key, byDefault, above) } : holds
  })
}
