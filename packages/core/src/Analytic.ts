import { Schema } from "effect"
import type { EventType } from "./Event.js"
import type { EventRule } from "./EventPipeline.js"
import type { BoundingBox, Size } from "./geometry/BoundingBox.js"
import type { Line, Zone } from "./geometry/Zone.js"
import { AnalyticId } from "./Ids.js"
import { ModelRequirements } from "./Model.js"
import type { LumaObservation } from "./Observation.js"
import { Priority } from "./Priority.js"
import type { MediaTime, WallTime } from "./Time.js"
import type { Track } from "./Track.js"

/** What of the pipeline an analytic lives on. Only what some enabled analytic needs is decoded and computed. */
export const AnalyticInputKind = Schema.Literal("luma", "tracks")
export type AnalyticInputKind = typeof AnalyticInputKind.Type

/** What an analytic is given, in time order. `tracks` comes once for each frame on which a detector ran. */
export type AnalyticInput =
  | { readonly _tag: "Luma"; readonly observation: LumaObservation }
  | {
      readonly _tag: "Tracks"
      readonly mediaTime: MediaTime
      readonly wallTime: WallTime
      readonly size: Size
      readonly tracks: ReadonlyArray<Track>
    }

/** How motion is to be looked for. */
export interface MotionOptions {
  /** Parts of the picture in which motion does not count: trees, a road behind the fence. */
  readonly ignored: ReadonlyArray<Zone>
  /** 0 (only strong changes) to 1. */
  readonly sensitivity: number
}

/** What does not change while an analytic runs; a change makes a new state. */
export interface AnalyticContext {
  readonly zones: ReadonlyArray<Zone>
  readonly lines: ReadonlyArray<Line>
}

/**
 * A candidate for an event, for as long as it holds. Findings with one `key` are one happening: the event pipeline applies the
 * threshold and the persistence, and makes one event of them.
 */
export interface Finding {
  readonly eventType: EventType
  /** The same for as long as the same thing goes on, for example `zone:gate/track:17`. */
  readonly key: string
  readonly confidence: number
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly box?: BoundingBox
  readonly objectClass?: string
  /** A track's number within this camera and epoch. */
  readonly track?: number
  readonly zone?: string
  readonly detail?: string
}

/** What is said of an analytic to people who configure it. */
export const AnalyticDescriptor = Schema.Struct({
  id: AnalyticId,
  title: Schema.String,
  description: Schema.String,
  priority: Priority,
  requirements: ModelRequirements,
  inputs: Schema.Array(AnalyticInputKind),
  /** JSON Schema (2020-12) of its settings. */
  settings: Schema.Unknown
}).annotations({ identifier: "AnalyticDescriptor" })
export type AnalyticDescriptor = typeof AnalyticDescriptor.Type

/**
 * An analytic: a pure state machine over observations. `State` is never mutated after it was returned. One file in the runtime's
 * `analytics` folder, one line in its list.
 */
export interface Analytic<Settings, Encoded, State> {
  readonly id: AnalyticId
  readonly title: string
  readonly description: string
  readonly priority: Priority
  readonly requirements: ModelRequirements
  readonly inputs: ReadonlyArray<AnalyticInputKind>
  /** Every field has a default, so that `{}` is a usable configuration. */
  readonly settings: Schema.Schema<Settings, Encoded>
  /** When its findings become an event. */
  readonly rule: (settings: Settings) => EventRule
  /** Only of an analytic that is about motion: how the media worker looks for it. */
  readonly motion?: (settings: Settings, context: AnalyticContext) => MotionOptions
  readonly initial: (settings: Settings, context: AnalyticContext) => State
  readonly step: (state: State, input: AnalyticInput) => readonly [State, ReadonlyArray<Finding>]
}

/** An analytic switched on for a camera. `settings` is checked against the analytic's own schema when it is saved. */
export const AnalyticAssignment = Schema.Struct({
  analytic: AnalyticId,
  /** Overrides the analytic's own. */
  priority: Schema.optional(Priority),
  settings: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}).annotations({ identifier: "AnalyticAssignment" })
export type AnalyticAssignment = typeof AnalyticAssignment.Type
