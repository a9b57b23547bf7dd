/**
 * How settings become the configuration that a camera runs with, and which of them are the camera's own.
 *
 * @module
 */
import { Schema } from "effect"
import type { AnalyticAssignment, AnalyticDescriptor } from "../Analytic.js"
import { Camera, type CameraPatch, type DetectionSettings, type SegmentSettings } from "../Camera.js"
import type { ModelDescriptor, ModelRequirements } from "../Model.js"
import { Priority } from "../Priority.js"
import {
  analyticSettings,
  anyModel,
  detectionGate,
  detectionModel,
  detectionPlacement,
  detectionRate,
  historyMegabytes,
  historySeconds,
  motionRate,
  segmentDuration,
  segmentOverlap,
  valueOf
} from "./Setting.js"
import type { SaidLevel } from "./SettingLevels.js"
import { patched, type SettingPatch, type SettingValues } from "./SettingValues.js"

const ofSegment = ({ duration, overlap }: SegmentSettings): SettingValues => ({
  [segmentDuration.key]: duration,
  [segmentOverlap.key]: overlap
})

const ofDetection = ({ framesPerSecond, gate, model, placement }: DetectionSettings): SettingValues => ({
  [detectionModel.key]: model ?? anyModel,
  [detectionRate.key]: framesPerSecond,
  [detectionGate.key]: gate,
  [detectionPlacement.key]: placement ?? detectionPlacement.byDefault
})

/** What is said later in the list holds. */
const merged = (said: ReadonlyArray<SettingValues>): SettingValues => Object.fromEntries(said.flatMap(Object.entries<unknown>))

type Form = Pick<Camera, "segment" | "detection">

const ofForm = ({ detection, segment }: Form): SettingValues => ({ ...ofSegment(segment), ...ofDetection(detection) })

/** The parts of a camera's configuration that are settings. */
const formOf = (nearestFirst: ReadonlyArray<SettingValues>): Form => {
  const model = valueOf(detectionModel, nearestFirst)
  const isPlaced = nearestFirst.some((values) => detectionPlacement.key in values)
  return {
    segment: { duration: valueOf(segmentDuration, nearestFirst), overlap: valueOf(segmentOverlap, nearestFirst) },
    detection: {
      ...(model === anyModel ? {} : { model }),
      framesPerSecond: valueOf(detectionRate, nearestFirst),
      gate: valueOf(detectionGate, nearestFirst),
      ...(isPlaced ? { placement: valueOf(detectionPlacement, nearestFirst) } : {})
    }
  }
}

const usual = ofForm(formOf([]))

const differing = (values: SettingValues, from: SettingValues): SettingValues =>
  Object.fromEntries(Object.entries(values).filter(([key, value]) => from[key] !== value))

/** The camera's own settings, and the form that shows them. */
export interface OwnSettings extends Form {
  readonly settings: SettingValues
}

const owned = (settings: SettingValues): OwnSettings => ({ settings, ...formOf([settings]) })

/** Of a camera that is added: what its form says and everybody's does not is its own. */
export const newOwnSettings = (form: Form, settings: SettingValues = {}): OwnSettings =>
  owned({ ...differing(ofForm(form), usual), ...settings })

/** After a change: what was typed into the form is the camera's own from then on, also where the level above says the same. */
export const changedOwnSettings = (
  camera: Camera,
  patch: Pick<CameraPatch, "segment" | "detection" | "settings">
): OwnSettings => {
  const own = patch.settings ?? camera.settings
  const shown = patch.settings === undefined ? ofForm(camera) : ofForm(formOf([own]))
  const typed = {
    ...(patch.segment === undefined ? {} : ofSegment(patch.segment)),
    ...(patch.detection === undefined ? {} : ofDetection(patch.detection))
  }
  return owned({ ...own, ...differing(typed, shown) })
}

/** Names that analytics of every kind have, and so are not among the settings that one is given. */
const priorityName = "priority"
const requirementNames: ReadonlySet<string> = new Set(
  analyticSettings.map(({ key }) => key).filter((key) => key !== priorityName)
)

const keyOf = (analytic: string, name: string) => `analytic.${analytic}.${name}`

/** What an analytic is assigned with, by name, of what is said. */
const ofAnalytic = (analytic: string, values: SettingValues): SettingValues => {
  const prefix = keyOf(analytic, "")
  const own = Object.entries(values).filter(([key]) => key.startsWith(prefix) && !requirementNames.has(key.slice(prefix.length)))
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]))
}

const namesOf = ({ priority, settings }: AnalyticAssignment): SettingValues =>
  priority === undefined ? settings : { ...settings, [priorityName]: priority }

const isPriority = Schema.is(Priority)

const assignment = ({ analytic }: AnalyticAssignment, names: SettingValues): AnalyticAssignment => {
  const { [priorityName]: priority, ...settings } = names
  return { analytic, ...(isPriority(priority) ? { priority } : {}), settings }
}

const keysOf = (analytic: string, names: SettingValues): SettingValues =>
  Object.fromEntries(Object.entries(names).map(([name, value]) => [keyOf(analytic, name), value]))

/** What is said at the camera itself: what its analytics are assigned with is said there too. */
export const cameraLevel = ({ analytics, id, settings }: Camera): SaidLevel => ({
  level: "camera",
  id,
  values: merged([settings, ...analytics.map((assigned) => keysOf(assigned.analytic, namesOf(assigned)))])
})

/** The change of a camera by which something is said, or no longer said, at it. What is of an analytic that it has goes into its assignment. */
export const cameraPatchOf = (camera: Camera, patch: SettingPatch): CameraPatch => {
  const moved: SettingPatch = Object.fromEntries(
    camera.analytics
      .flatMap(({ analytic }) => Object.keys(keysOf(analytic, ofAnalytic(analytic, patch))))
      .map((key) => [key, null])
  )
  return {
    settings: patched(camera.settings, { ...patch, ...moved }),
    analytics: camera.analytics.map((assigned) =>
      assignment(assigned, patched(namesOf(assigned), ofAnalytic(assigned.analytic, patch)))
    )
  }
}

/** A camera as it is to run: its configuration with everything that it inherits, and what is not configuration of a camera. */
export interface CameraRun {
  readonly camera: Camera
  /** Frames a second that movement is looked for in. */
  readonly motionRate: number
  /** The recent past that its node keeps, in milliseconds and bytes. */
  readonly history: { readonly window: number; readonly maxBytes: number }
  /** By model: detections of it that are less certain do not count. */
  readonly confidences: Readonly<Record<string, number>>
  /** By model: what it needs, other than its descriptor says. */
  readonly requirements: Readonly<Record<string, Partial<ModelRequirements>>>
  /** By analytic: what it needs, other than it says itself. */
  readonly analyticRequirements: CameraRun["requirements"]
}

/** What a model needs of the camera. */
export const requirementsOf = ({ requirements }: CameraRun, model: ModelDescriptor): ModelRequirements => ({
  ...model.requirements,
  ...requirements[model.id]
})

/** On the camera's own node an analytic sees each frame of one stream that does not end: there is no segment to be too short, or to overlap. */
const unsegmented = { minBitrate: 0, minDuration: 0, overlap: 0 }

/**
 * What an analytic needs of the camera. What it asks of segments (bits a second, seconds, overlap) holds where workers are given them one by one; what settings
 * ask for holds everywhere.
 */
export const analyticRequirementsOf = (
  { analyticRequirements, camera: { detection } }: CameraRun,
  { id, requirements }: Pick<AnalyticDescriptor, "id" | "requirements">
): ModelRequirements => ({
  ...requirements,
  ...(detection.placement === "queue" ? {} : unsegmented),
  ...analyticRequirements[id]
})

const confidenceKey = /^model\.(.+)\.confidence$/

const confidencesOf = (all: SettingValues): CameraRun["confidences"] =>
  Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => {
      const model = confidenceKey.exec(key)?.[1]
      return model === undefined || typeof value !== "number" ? [] : [[model, value]]
    })
  )

const requirementKey = /^(model|analytic)\.(.+)\.(minHeight|minBitrate|minDuration|overlap)$/

const requirementsIn = (family: "model" | "analytic", all: SettingValues): CameraRun["requirements"] => {
  const found: Record<string, Record<string, number>> = {}
  for (const [key, value] of Object.entries(all)) {
    const [, of, id, name] = requirementKey.exec(key) ?? []
    if (of !== family || id === undefined || name === undefined || typeof value !== "number") continue
    found[id] = { ...found[id], [name]: value }
  }
  return found
}

/** What a camera runs with where the levels above it say this, the nearest first. */
export const cameraRun = (camera: Camera, above: ReadonlyArray<SaidLevel>): CameraRun => {
  const nearestFirst = [camera.settings, ...above.map(({ values }) => values)]
  const all = merged(nearestFirst.toReversed())
  return {
    camera: Camera.make({
      ...camera,
      ...formOf(nearestFirst),
      settings: all,
      analytics: camera.analytics.map((assigned) =>
        assignment(assigned, { ...ofAnalytic(assigned.analytic, all), ...namesOf(assigned) })
      )
    }),
    motionRate: valueOf(motionRate, nearestFirst),
    history: {
      window: valueOf(historySeconds, nearestFirst) * 1000,
      maxBytes: valueOf(historyMegabytes, nearestFirst) * 1_048_576
    },
    confidences: confidencesOf(all),
    requirements: requirementsIn("model", all),
    analyticRequirements: requirementsIn("analytic", all)
  }
}
