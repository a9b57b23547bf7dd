import { Options } from "@effect/cli"
import { AnalyticAssignment } from "@vigil/core/Analytic"
import { type Camera, type CameraPatch, DetectionSettings } from "@vigil/core/Camera"
import { cameraFacts } from "@vigil/core/CameraFacts"
import { Line, Zone } from "@vigil/core/geometry/Zone"
import { AnalyticId } from "@vigil/core/Ids"
import { Effect, Option, Schema } from "effect"
import { decodeTyped, readText, UsageError } from "../Output.js"
import { credentialsOf, sourceOptions, type SourceOptions, trustOf } from "../SourceArgument.js"

/** What may be said of a camera when it is added and when it is edited. */
export const cameraOptions = {
  ...sourceOptions,
  detector: Options.text("detector").pipe(
    Options.optional,
    Options.withDescription("Id of the model that finds objects; auto takes the first that is installed.")
  ),
  fps: Options.float("fps").pipe(
    Options.optional,
    Options.withDescription("Frames a second that the detector looks at, 0.1 to 30.")
  ),
  gate: Options.choice("gate", ["motion", "always"]).pipe(
    Options.optional,
    Options.withDescription("Run the detector while something moves, or always.")
  ),
  placement: Options.choice("placement", ["local", "queue"]).pipe(
    Options.optional,
    Options.withDescription("Run the detector on the camera's own node, or by `vigil worker` on segments of a queue.")
  ),
  analytics: Options.text("analytics").pipe(
    Options.optional,
    Options.withDescription("Analytics to run, separated by commas, for example motion,tamper,intrusion.")
  ),
  zones: Options.file("zones", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription('A JSON file {"zones": [...], "lines": [...]} with points from 0 to 1; see docs/cli.md.')
  ),
  location: Options.text("location").pipe(
    Options.optional,
    Options.withDescription('Where exactly it hangs, in words; "" for nothing. The place is `vigil camera move`.')
  ),
  description: Options.text("description").pipe(Options.optional, Options.withDescription('What it is for; "" for nothing.')),
  metadata: Options.file("metadata", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A file with a JSON object that other systems want to find with the camera.")
  ),
  masks: Options.file("masks", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A JSON file [...] of privacy masks, drawn as zones are: nobody is to see what is in them.")
  )
}

export interface CameraOptions extends SourceOptions {
  readonly detector: Option.Option<string>
  readonly fps: Option.Option<number>
  readonly gate: Option.Option<DetectionSettings["gate"]>
  readonly placement: Option.Option<NonNullable<DetectionSettings["placement"]>>
  readonly analytics: Option.Option<string>
  readonly zones: Option.Option<string>
  readonly location: Option.Option<string>
  readonly description: Option.Option<string>
  readonly metadata: Option.Option<string>
  readonly masks: Option.Option<string>
}

const Areas = Schema.Struct({
  zones: Schema.optionalWith(Schema.Array(Zone), { default: () => [] }),
  lines: Schema.optionalWith(Schema.Array(Line), { default: () => [] })
})

const jsonIn = (file: string) =>
  Effect.flatMap(readText(file), (text) =>
    Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) => new UsageError({ detail: `${file} is not JSON: ${String(error)}` })
    })
  )

const areasIn = (file: string) =>
  Effect.flatMap(jsonIn(file), (parsed) => decodeTyped(Areas, file)(Array.isArray(parsed) ? { zones: parsed } : parsed))

const masksIn = (file: string) => Effect.flatMap(jsonIn(file), decodeTyped(Schema.Array(Zone), file))

const metadataIn = (file: string) => Effect.flatMap(jsonIn(file), decodeTyped(cameraFacts.metadata, file))

/** Nothing typed is nothing kept. */
const factOf = <A>(name: "location" | "description", typed: Option.Option<string>, schema: Schema.Schema<A, string | null>) =>
  Option.match(typed, {
    onNone: () => Effect.succeed({}),
    onSome: (text) => Effect.map(decodeTyped(schema, `--${name}`)(text === "" ? null : text), (fact) => ({ [name]: fact }))
  })

type Before = Pick<Camera, "detection" | "analytics">

const detectionOf = (options: CameraOptions, before: Before) =>
  Effect.gen(function* () {
    const { detector, fps, gate, placement } = options
    if ([detector, fps, gate, placement].every((option) => Option.isNone<unknown>(option))) return undefined
    const { model: known, ...rest } = before.detection
    const model = Option.getOrElse(detector, () => known)
    return yield* decodeTyped(
      DetectionSettings,
      "--detector, --fps, --gate and --placement"
    )({
      ...rest,
      ...(model === undefined || model === "auto" ? {} : { model }),
      ...Option.match(fps, { onNone: () => ({}), onSome: (framesPerSecond) => ({ framesPerSecond }) }),
      ...Option.match(gate, { onNone: () => ({}), onSome: (chosen) => ({ gate: chosen }) }),
      ...Option.match(placement, { onNone: () => ({}), onSome: (chosen) => ({ placement: chosen }) })
    })
  })

/** Analytics that run already keep their settings. */
const analyticsOf = (text: string, before: Before) =>
  Effect.forEach(text.split(",").filter(Boolean), (name) =>
    Effect.map(
      decodeTyped(AnalyticId, `--analytics ${name}`)(name.trim()),
      (analytic) =>
        before.analytics.find((assignment) => assignment.analytic === analytic) ??
        AnalyticAssignment.make({ analytic, settings: {} })
    )
  )

/** What the options change of a camera; empty where none was given. */
export const patchOf = (options: CameraOptions, before: Before): Effect.Effect<CameraPatch, UsageError> =>
  Effect.gen(function* () {
    const tls = yield* trustOf(options)
    const detection = yield* detectionOf(options, before)
    const credentials = yield* credentialsOf(options)
    return {
      ...Option.match(options.transport, { onNone: () => ({}), onSome: (transport) => ({ transport }) }),
      ...(tls === undefined ? {} : { tls }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(detection === undefined ? {} : { detection }),
      ...(Option.isSome(options.analytics) ? { analytics: yield* analyticsOf(options.analytics.value, before) } : {}),
      ...(Option.isSome(options.zones) ? yield* areasIn(options.zones.value) : {}),
      ...(yield* factOf("location", options.location, cameraFacts.location)),
      ...(yield* factOf("description", options.description, cameraFacts.description)),
      ...(Option.isSome(options.metadata) ? { metadata: yield* metadataIn(options.metadata.value) } : {}),
      ...(Option.isSome(options.masks) ? { masks: yield* masksIn(options.masks.value) } : {})
    }
  })
