import type { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import type { EffectiveSetting } from "@vigil/core/settings/SettingLevels"
import { settingGroup, settingText } from "../words/SettingWords.js"

/** Where settings are looked at, and which of them, as it stands in the page's address. */
export interface SettingSearch {
  readonly at?: string
  readonly find?: string
  readonly group?: string
}

const places = /^(tenant|system|(sites|cameras)\/[0-9a-f-]{36})$/

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value.slice(0, 100) : undefined)

/** What of an address is known here; everything else is passed over. */
export const settingSearch = (search: Readonly<Record<string, unknown>>): SettingSearch => {
  const at = places.exec(text(search["at"]) ?? "")?.[0]
  const [find, group] = [text(search["find"]), text(search["group"])]
  return {
    ...(at === undefined ? {} : { at }),
    ...(find === undefined ? {} : { find }),
    ...(group === undefined ? {} : { group })
  }
}

/** Those whose key, description, heading or value has every word, under the heading that is chosen. */
export const foundSettings = (
  settings: ReadonlyArray<EffectiveSetting>,
  definitions: ReadonlyMap<string, SettingDefinition>,
  { find = "", group }: SettingSearch
): ReadonlyArray<EffectiveSetting> => {
  const words = find.toLowerCase().split(/\s+/)
  return settings.filter(({ key, value }) => {
    if (group !== undefined && settingGroup(key) !== group) return false
    const said = [key, definitions.get(key)?.description, settingGroup(key), settingText(value)].join(" ").toLowerCase()
    return words.every((word) => said.includes(word))
  })
}
