import { type DateTime, Either } from "effect"
import type { SettingsMessage } from "../BusMessage.js"
import type { TenantId } from "../Ids.js"
import { SettingsRefused } from "../port/SettingStore.js"
import type { LevelSettings, SettingScope } from "./SettingLevels.js"
import { patched, sameValues, type SettingPatch } from "./SettingValues.js"

/** Parameters that one level may say something of. */
const most = 500

/** What a level says after a change, one revision later; the same object where it says nothing else. */
export const changedLevel = (
  level: LevelSettings,
  patch: SettingPatch,
  expectedRevision: number | undefined
): Either.Either<LevelSettings, SettingsRefused> => {
  const { revision, values } = level
  if (expectedRevision !== undefined && expectedRevision !== revision) {
    const detail = `the settings are at revision ${revision}, not ${expectedRevision}: read them again`
    return Either.left(new SettingsRefused({ reason: "revision", detail }))
  }
  const next = patched(values, patch)
  if (sameValues(values, next)) return Either.right(level)
  const count = Object.keys(next).length
  return count > most
    ? Either.left(new SettingsRefused({ reason: "too-many", detail: `${count} settings at one level; there may be ${most}` }))
    : Either.right({ values: next, revision: revision + 1 })
}

/** Says that a level is another one. */
export const settingsChanged = (tenantId: TenantId, level: SettingScope["level"], timestamp: DateTime.Utc): SettingsMessage => ({
  type: "settings.changed",
  id: `settings:${crypto.randomUUID()}`,
  tenantId,
  timestamp,
  level
})
