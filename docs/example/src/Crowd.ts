import type { Analytic } from "@vigil/core/Analytic"
import { AnalyticId } from "@vigil/core/Ids"
import { Schema } from "effect"

const Settings = Schema.Struct({
  label: Schema.optionalWith(Schema.String, { default: () => "person" }),
  /** So many at once are a crowd. */
  count: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { default: () => 5 })
})
type Settings = typeof Settings.Type

/** Many people in the picture at once. */
export const Crowd: Analytic<Settings, typeof Settings.Encoded, Settings> = {
  id: AnalyticId.make("crowd"),
  title: "Crowd",
  description: "Many people in the picture at once.",
  priority: "STANDARD",
  requirements: { minHeight: 360, minBitrate: 512_000, minDuration: 2, overlap: 0 },
  inputs: ["tracks"],
  settings: Settings,
  rule: () => ({ threshold: 0.5, minimumDuration: 500, cooldown: 60_000 }),
  initial: (settings) => settings,
  step: (settings, input) => {
    if (input._tag !== "Tracks") return [settings, []]
    const { mediaTime, tracks, wallTime } = input
    const seen = tracks.filter(({ label, state }) => state === "confirmed" && label === settings.label)
    if (seen.length < settings.count) return [settings, []]
    const detail = `${seen.length} at once`
    return [
      settings,
      [{ eventType: "CROWD", key: "crowd", confidence: 1, mediaTime, wallTime, objectClass: settings.label, detail }]
    ]
  }
}
