import type { Analytic, AnalyticInput, Finding } from "@vigil/core/Analytic"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { footPoint } from "@vigil/core/geometry/BoxGeometry"
import { crosses } from "@vigil/core/geometry/LineCrossing"
import type { Point } from "@vigil/core/geometry/Point"
import { contains } from "@vigil/core/geometry/Polygon"
import type { Line, Zone } from "@vigil/core/geometry/Zone"
import { AnalyticId } from "@vigil/core/Ids"
import type { MediaTime } from "@vigil/core/Time"
import type { Track } from "@vigil/core/Track"
import { Schema } from "effect"
import { choice, milliseconds, names, share, zonesNamed } from "./Settings.js"

const Settings = Schema.Struct({
  labels: names(["person"], "Kinds of objects that must not be there"),
  zones: names([], "Zones that must not be entered; none for all that are drawn"),
  lines: names([], "Lines that must not be crossed; none for all that are drawn"),
  wholePicture: choice(true, "Being anywhere in the picture is an intrusion where no zone and no line is drawn"),
  confidence: share(0.4, "Confidence that a detection must have"),
  minimumDuration: milliseconds(500, "How long an object must be in the zone"),
  loiterAfter: milliseconds(0, "Staying longer is loitering, an event of its own; 0 switches it off"),
  cooldown: milliseconds(30_000, "After which the same object is a new event")
})
type Settings = typeof Settings.Type

/** What is known of a track between two frames. */
interface Footprint {
  readonly at: Point
  readonly seen: MediaTime
  /** When it entered each zone that it is in. */
  readonly entered: ReadonlyMap<string, MediaTime>
  /** Lines that it crossed a short while ago: they are found for as long as the persistence rule asks. */
  readonly crossed: ReadonlyMap<string, MediaTime>
}

interface State {
  readonly settings: Settings
  readonly zones: ReadonlyArray<Zone>
  readonly lines: ReadonlyArray<Line>
  readonly footprints: ReadonlyMap<number, Footprint>
}

/** The zone that stands for the picture where nothing is drawn. */
const everywhere = (): Zone => ({
  name: "picture",
  polygon: [
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0, y: 1 }
  ]
})

type Tracks = Extract<AnalyticInput, { _tag: "Tracks" }>

const findingOf = (input: Tracks, track: Track, zone: string, detail: string): Finding => ({
  eventType: "INTRUSION",
  key: `${detail}:${zone}/track:${track.id}`,
  confidence: track.confidence,
  mediaTime: input.mediaTime,
  wallTime: input.wallTime,
  box: track.box,
  objectClass: track.label,
  track: track.id,
  zone,
  detail
})

const walk = (state: State, before: Footprint | undefined, track: Track, size: Size, now: MediaTime): Footprint => {
  const at = footPoint(track.box, size)
  const entered = new Map<string, MediaTime>()
  for (const zone of state.zones) {
    if (contains(zone.polygon, at)) entered.set(zone.name, before?.entered.get(zone.name) ?? now)
  }
  const crossed = new Map<string, MediaTime>()
  const remembered = state.settings.minimumDuration * 1000 + 500_000
  for (const line of state.lines) {
    const earlier = before?.crossed.get(line.name)
    if (before !== undefined && crosses(line, before.at, at)) crossed.set(line.name, now)
    else if (earlier !== undefined && now - earlier <= remembered) crossed.set(line.name, earlier)
  }
  return { at, seen: now, entered, crossed }
}

const findings = (state: State, input: Tracks, track: Track, footprint: Footprint): ReadonlyArray<Finding> => {
  const loiterAfter = state.settings.loiterAfter * 1000
  const found: Array<Finding> = []
  for (const [zone, since] of footprint.entered) {
    found.push(findingOf(input, track, zone, "enter"))
    if (loiterAfter > 0 && input.mediaTime - since >= loiterAfter) found.push(findingOf(input, track, zone, "loiter"))
  }
  for (const line of footprint.crossed.keys()) found.push(findingOf(input, track, line, "cross"))
  return found
}

/** Tracked objects that enter a zone, stay in it, or cross a line. */
export const Intrusion: Analytic<Settings, typeof Settings.Encoded, State> = {
  id: AnalyticId.make("intrusion"),
  title: "Intrusion detection",
  description: "A person (or another kind of object) enters a zone, stays in it, or crosses a line in a direction.",
  priority: "MEDIUM",
  requirements: { minHeight: 480, minBitrate: 1_000_000, minDuration: 3, overlap: 1 },
  inputs: ["tracks"],
  settings: Settings,
  rule: (settings) => ({
    threshold: settings.confidence,
    minimumDuration: settings.minimumDuration,
    cooldown: settings.cooldown
  }),
  initial: (settings, context) => {
    const zones = zonesNamed(context.zones, settings.zones, "all")
    const lines = zonesNamed(context.lines, settings.lines, "all")
    const whole = settings.wholePicture && context.zones.length === 0 && context.lines.length === 0
    return { settings, zones: whole ? [everywhere()] : zones, lines, footprints: new Map() }
  },
  step: (state, input) => {
    if (input._tag !== "Tracks") return [state, []]
    const footprints = new Map<number, Footprint>()
    const found: Array<Finding> = []
    for (const track of input.tracks) {
      if (!state.settings.labels.includes(track.label)) continue
      const before = state.footprints.get(track.id)
      if (track.state !== "confirmed") {
        if (before !== undefined) footprints.set(track.id, before)
        continue
      }
      const footprint = walk(state, before, track, input.size, input.mediaTime)
      footprints.set(track.id, footprint)
      found.push(...findings(state, input, track, footprint))
    }
    return [{ ...state, footprints }, found]
  }
}
