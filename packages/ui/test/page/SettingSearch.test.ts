import type { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import { EffectiveSetting } from "@vigil/core/settings/SettingLevels"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { foundSettings, settingSearch } from "../../src/page/SettingSearch.js"

const settings = Schema.decodeUnknownSync(Schema.Array(EffectiveSetting))(
  Object.entries({
    "segment.duration": 5,
    "detection.gate": "motion",
    "analytic.motion.cooldown": 10_000,
    "notification.MOTION.channels": ["email"]
  }).map(([key, value]) => ({ key, value, origin: { level: "default" } }))
)
const definitions = new Map<string, SettingDefinition>([
  ["segment.duration", { key: "segment.duration", description: "Seconds of a segment", default: 5, schema: {} }]
])
const found = (search: object) => foundSettings(settings, definitions, search).map(({ key }) => key)

it("finds settings by every word in key, description, heading or value, and under a heading", () => {
  expect(found({})).toEqual(settings.map(({ key }) => key))
  expect(found({ find: "motion" })).toEqual(["detection.gate", "analytic.motion.cooldown", "notification.MOTION.channels"])
  expect(found({ find: " Seconds  SEGMENT " })).toEqual(["segment.duration"])
  expect(found({ find: "email" })).toEqual(["notification.MOTION.channels"])
  expect(found({ find: "motion", group: "Detection" })).toEqual(["detection.gate"])
  expect(found({ group: "Elsewhere" })).toEqual([])
})

it("takes what it knows of an address and nothing else", () => {
  const at = "sites/00000000-0000-4000-8000-00000000000a"
  expect(settingSearch({ at, find: "gate", group: "Detection", other: 1 })).toEqual({ at, find: "gate", group: "Detection" })
  expect(settingSearch({ at: "sites/x", find: "", group: 5 })).toEqual({})
})
