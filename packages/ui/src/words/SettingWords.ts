import type { EffectiveSetting } from "@vigil/core/settings/SettingLevels"

const groups: Readonly<Record<string, string>> = {
  segment: "Segments for workers",
  detection: "Detection",
  motion: "Movement",
  buffer: "Memory",
  notification: "Notifications",
  model: "Models"
}

/** Under which heading a setting is shown. */
export const settingGroup = (key: string): string => {
  const [family = "", id = ""] = key.split(".")
  return family === "analytic" ? `Analytic: ${id}` : (groups[family] ?? family)
}

/** Where a value is said; `siteName` is that of the site, where it is one. */
export const originWords = ({ level }: EffectiveSetting["origin"], siteName: string | undefined): string => {
  switch (level) {
    case "default":
      return "Default"
    case "system":
      return "From the system"
    case "tenant":
      return "From all cameras"
    case "site":
      return siteName === undefined ? "From the site" : `From ${siteName}`
    case "camera":
      return "The camera's own"
  }
}

/** A value as it is shown, and typed where no other field fits. */
export const settingText = (value: unknown): string => {
  if (value === null) return "as it is described"
  return typeof value === "string" ? value : JSON.stringify(value)
}
