/**
 * Parameters that may be set for the whole installation, for a tenant, for a site or for one camera.
 *
 * @module
 */
import { type Either, JSONSchema, type ParseResult, Schema } from "effect"
import { DetectionSettings, SegmentSettings } from "../Camera.js"
import { EventType } from "../Event.js"
import { ModelId } from "../Ids.js"
import { ModelDescriptor, ModelRequirements } from "../Model.js"
import { Priority } from "../Priority.js"
import { Role } from "../User.js"
import type { SettingValues } from "./SettingValues.js"

/** A parameter; without anybody saying otherwise it is `byDefault`. */
export interface Setting<A> {
  readonly key: string
  readonly description: string
  readonly schema: Schema.Schema<A>
  readonly byDefault: A
}

const setting = <A>(key: string, schema: Schema.Schema<A>, byDefault: A, description: string): Setting<A> => ({
  key,
  description,
  schema,
  byDefault
})

const most =
  (count: number) =>
  <A, I>(item: Schema.Schema<A, I>) =>
    Schema.Array(item).pipe(Schema.maxItems(count))

/** Stands for the first detector that is installed. */
export const anyModel = ModelId.make("auto")

export const segmentDuration = setting(
  "segment.duration",
  SegmentSettings.fields.duration,
  5,
  "Seconds of a segment; holds from the next one on"
)

export const segmentOverlap = setting(
  "segment.overlap",
  SegmentSettings.fields.overlap,
  0,
  "Seconds by which a segment reaches back into the one before"
)

export const detectionModel = setting(
  "detection.model",
  Schema.typeSchema(ModelId),
  anyModel,
  "The object detector; auto is the first that is installed"
)

export const detectionRate = setting(
  "detection.framesPerSecond",
  DetectionSettings.fields.framesPerSecond,
  5,
  "Frames a second that the detector looks at, at the most"
)

export const detectionGate = setting(
  "detection.gate",
  DetectionSettings.fields.gate,
  "motion",
  "Whether the detector looks while something moves only"
)

export const detectionPlacement = setting(
  "detection.placement",
  Schema.Literal("local", "queue"),
  "local",
  "Whether the camera's own node looks, or workers do, at segments"
)

export const motionRate = setting(
  "motion.framesPerSecond",
  Schema.Number.pipe(Schema.between(1, 15)),
  5,
  "Frames a second in which movement and tampering are looked for"
)

export const historySeconds = setting(
  "buffer.seconds",
  Schema.Number.pipe(Schema.between(1, 60)),
  15,
  "Seconds of video that the camera's node remembers"
)

export const historyMegabytes = setting(
  "buffer.megabytes",
  Schema.Number.pipe(Schema.between(1, 1024)),
  64,
  "Memory that this video may take at the most, in units of 1,048,576 bytes"
)

const Channels = most(6)(Schema.Literal("push", "sms", "whatsapp", "email", "webhook", "ticket"))

const TimeOfDay = Schema.String.pipe(Schema.pattern(/^([01]\d|2[0-3]):[0-5]\d$/))

const QuietHours = Schema.Struct({
  /** Local times of the place; a `to` before `from` is that of the next day. */
  from: TimeOfDay,
  to: TimeOfDay,
  /** Absent: every day. */
  days: Schema.optional(most(7)(Schema.Literal("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))),
  /** What is told all the same. */
  except: Schema.optional(most(4)(Priority))
})

const EscalationStep = Schema.Struct({
  /** Minutes that an event was taken on by nobody. */
  after: Schema.Number.pipe(Schema.between(0, 1440)),
  /** Absent: events of every priority. */
  priorities: Schema.optional(most(4)(Priority)),
  role: Role,
  channels: Channels
})

/** A parameter without the type of its values, which only it knows. */
export interface KnownSetting extends Omit<Setting<unknown>, "schema"> {
  /** JSON Schema (2020-12) of its values. */
  readonly jsonSchema: unknown
  readonly check: (value: unknown) => Either.Either<unknown, ParseResult.ParseError>
}

const known = <A>(key: string, schema: Schema.Schema<A>, byDefault: A | null, description: string): KnownSetting => ({
  key,
  description,
  byDefault,
  jsonSchema: JSONSchema.make(schema, { target: "jsonSchema2020-12" }),
  check: Schema.validateEither(schema, { errors: "all", onExcessProperty: "error" })
})

const typed = <A>({ byDefault, description, key, schema }: Setting<A>): KnownSetting => known(key, schema, byDefault, description)

const channelsOf = (type: EventType): KnownSetting =>
  known(
    `notification.${type}.channels`,
    Channels,
    [],
    `Ways in which people are told of ${type}; kept for notifiers, of which this version has none`
  )

/** Every parameter but those of analytics and models, which are as many as there are analytics and models. */
export const settings: ReadonlyArray<KnownSetting> = [
  typed(segmentDuration),
  typed(segmentOverlap),
  typed(detectionModel),
  typed(detectionRate),
  typed(detectionGate),
  typed(detectionPlacement),
  typed(motionRate),
  typed(historySeconds),
  typed(historyMegabytes),
  ...EventType.literals.map(channelsOf),
  known(
    "notification.quietHours",
    most(14)(QuietHours),
    [],
    "Times in which nobody is told; kept for notifiers, of which this version has none"
  ),
  known(
    "notification.escalation",
    most(10)(EscalationStep),
    [],
    "Whom to tell while nobody takes an event on; kept for notifiers, of which this version has none"
  )
]

const { minBitrate, minDuration, minHeight, overlap } = ModelRequirements.fields

/** What may be said of a model or an analytic, which have requirements; null: its own holds. */
const requirements: ReadonlyArray<KnownSetting> = [
  known("minHeight", minHeight.pipe(Schema.lessThanOrEqualTo(10_000)), null, "Lines that a picture must have"),
  known("minBitrate", minBitrate.pipe(Schema.lessThanOrEqualTo(1_000_000_000)), null, "Bits a second that a stream must have"),
  known("minDuration", minDuration.pipe(Schema.lessThanOrEqualTo(10)), null, "Seconds that a segment must have"),
  known("overlap", overlap, null, "Seconds by which segments must overlap")
]

const confidence = known(
  "confidence",
  ModelDescriptor.fields.thresholds.fields.confidence,
  null,
  "What a detection must reach, 0..1"
)

/** Of each model, as `model.<id>.<key>`. */
export const modelSettings: ReadonlyArray<KnownSetting> = [confidence, ...requirements]

/** Of each analytic, as `analytic.<id>.<key>`, besides its own. */
export const analyticSettings: ReadonlyArray<KnownSetting> = [
  known("priority", Priority, null, "How urgent its work and its events are"),
  ...requirements
]

/** What the nearest of the levels says, where it is fit to be used: a level may have been written by a newer Vigil. */
export const valueOf = <A>({ byDefault, key, schema }: Setting<A>, nearestFirst: ReadonlyArray<SettingValues>): A => {
  const isFit = Schema.is(schema)
  for (const values of nearestFirst) {
    const value = values[key]
    if (isFit(value)) return value
  }
  return byDefault
}
