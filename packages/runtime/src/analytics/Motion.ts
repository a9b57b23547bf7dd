import type { Analytic, Finding } from "@vigil/core/Analytic"
import { area } from "@vigil/core/geometry/BoxGeometry"
import { shareOfBox } from "@vigil/core/geometry/Polygon"
import type { Zone } from "@vigil/core/geometry/Zone"
import { AnalyticId } from "@vigil/core/Ids"
import type { LumaObservation } from "@vigil/core/Observation"
import { Schema } from "effect"
import { milliseconds, names, share, zonesNamed } from "./Settings.js"

const Settings = Schema.Struct({
  minimumArea: share(0.004, "Share of the picture that must move"),
  minimumDuration: milliseconds(400, "How long it must move"),
  cooldown: milliseconds(10_000, "After which new movement is a new event"),
  zones: names([], "Zones to watch; none for the whole picture"),
  ignore: names([], "Zones in which movement does not count"),
  sensitivity: share(0.5, "0 sees strong changes only, 1 the slightest")
})
type Settings = typeof Settings.Type

interface State {
  readonly settings: Settings
  readonly zones: ReadonlyArray<Zone>
}

/** Share of a moving region's box that must lie in a zone. */
const insideShare = 0.25

/** Certain once four times the least area moves. */
const confidenceOf = (moving: number, least: number) => Math.min(1, 0.5 + (moving - least) / (6 * least))

const finding = (observation: LumaObservation, moving: number, least: number, zone: string | undefined): Finding => {
  const box = observation.motion.regions[0]
  return {
    eventType: "MOTION",
    key: zone === undefined ? "motion" : `motion/zone:${zone}`,
    confidence: confidenceOf(moving, least),
    mediaTime: observation.frame.mediaTime,
    wallTime: observation.frame.wallTime,
    ...(box === undefined ? {} : { box }),
    ...(zone === undefined ? {} : { zone })
  }
}

const inZone = (observation: LumaObservation, zone: Zone, settings: Settings): ReadonlyArray<Finding> => {
  const { frame, motion } = observation
  const picture = frame.size.width * frame.size.height
  const inside = motion.regions.filter((region) => shareOfBox(zone.polygon, region, frame.size) >= insideShare)
  const moving = inside.reduce((sum, region) => sum + area(region), 0) / picture
  if (moving < settings.minimumArea) return []
  return [finding({ ...observation, motion: { ...motion, regions: inside } }, moving, settings.minimumArea, zone.name)]
}

/** Movement against the learnt background, in the whole picture or in zones. */
export const Motion: Analytic<Settings, typeof Settings.Encoded, State> = {
  id: AnalyticId.make("motion"),
  title: "Advanced motion detection",
  description: "Movement against a learnt background, in the whole picture or in zones.",
  priority: "STANDARD",
  requirements: { minHeight: 360, minBitrate: 512_000, minDuration: 2, overlap: 0.5 },
  inputs: ["luma"],
  settings: Settings,
  rule: (settings) => ({ threshold: 0.5, minimumDuration: settings.minimumDuration, cooldown: settings.cooldown }),
  motion: (settings, context) => ({
    ignored: zonesNamed(context.zones, settings.ignore, "none"),
    sensitivity: settings.sensitivity
  }),
  initial: (settings, context) => ({ settings, zones: zonesNamed(context.zones, settings.zones, "none") }),
  step: (state, input) => {
    if (input._tag !== "Luma" || !input.observation.motion.settled) return [state, []]
    const { observation } = input
    const { settings } = state
    if (state.zones.length > 0) return [state, state.zones.flatMap((zone) => inZone(observation, zone, settings))]
    const moving = observation.motion.area
    return [state, moving < settings.minimumArea ? [] : [finding(observation, moving, settings.minimumArea, undefined)]]
  }
}
