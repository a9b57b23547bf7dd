import { AnalysisRecord } from "@vigil/core/AnalysisRecord"
import { AnalyticAssignment } from "@vigil/core/Analytic"
import { ModelId } from "@vigil/core/Ids"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { type AnalysisOptions, analyse } from "@vigil/runtime/Analysis"
import { startAnalytic } from "@vigil/runtime/analytics/Analytics"
import { describeModel } from "@vigil/runtime/model/DescribeModel"
import { Console, Effect, Either, Option, Schema } from "effect"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import * as Media from "../Media.js"
import * as Models from "../Models.js"
import { analyticsByDefault } from "../commands/analyze.js"
import { UsageError } from "../Output.js"
import { sourceOf, type SourceOptions } from "../SourceArgument.js"

/** A file is a model by itself; anything else is the id of an installed one. */
const modelOf = (named: Option.Option<string>) =>
  Effect.gen(function* () {
    const catalogue = yield* ModelCatalogue
    if (Option.isNone(named)) return Option.getOrUndefined(yield* catalogue.preferred("objects"))
    if (existsSync(named.value)) return { descriptor: yield* describeModel(named.value), file: resolve(named.value) }
    return yield* catalogue.installed(yield* Schema.decode(ModelId)(named.value))
  })

const analyticsOf = (named: Option.Option<string>) =>
  Effect.forEach(
    Option.match(named, { onNone: () => analyticsByDefault, onSome: (list) => list.split(",").filter(Boolean) }),
    (analytic) =>
      Schema.decode(AnalyticAssignment)({ analytic, settings: {} }).pipe(
        Effect.mapError(() => new UsageError({ detail: `${analytic} is not the name of an analytic` })),
        Effect.flatMap((assignment) =>
          Either.match(startAnalytic(assignment, { zones: [], lines: [] }), {
            onLeft: (error) => Effect.fail(new UsageError({ detail: error.message })),
            onRight: Effect.succeed
          })
        )
      )
  )

const seconds = (value: number) => `${value.toFixed(2).padStart(8)} s`

const text = (record: AnalysisRecord): string => {
  switch (record.type) {
    case "detection": {
      const { box, confidence, label, mediaTime, track } = record
      const place = `${box.width.toFixed(0)}x${box.height.toFixed(0)}+${box.x.toFixed(0)}+${box.y.toFixed(0)}`
      return `${seconds(mediaTime)}  ${label} ${(confidence * 100).toFixed(0)} %  ${place}${track === null ? "" : `  track ${track}`}`
    }
    case "event":
      return `${seconds(record.mediaTime)}  ${record.eventType} ${record.detail ?? ""} ${record.label ?? ""} ${record.zone ?? ""}`.trimEnd()
    case "track":
      return `track ${record.track}  ${record.label}  ${record.firstSeen.toFixed(2)} to ${record.lastSeen.toFixed(2)} s, ${record.detections} detections`
    case "summary":
      return [
        `${record.url}: ${record.duration.toFixed(1)} s, ${record.framesDecoded} frames decoded, ${record.framesAnalysed} analysed,`,
        `${record.detections} detections, ${record.tracks} tracks, ${record.events} events`,
        ...(record.ended === undefined ? [] : [`(${record.ended})`])
      ].join(" ")
  }
}

const encode = Schema.encodeSync(AnalysisRecord)

interface Options extends SourceOptions {
  readonly source: string
  readonly model: Option.Option<string>
  readonly analytics: Option.Option<string>
  readonly fps: number
  readonly seconds: Option.Option<number>
  readonly json: boolean
}

export const analyze = (options: Options) =>
  Effect.gen(function* () {
    const config = yield* sourceOf(options.source, options, { pace: "as-fast-as-possible" })
    const model = yield* modelOf(options.model)
    const analytics = yield* analyticsOf(options.analytics)
    if (model === undefined && !options.json) {
      yield* Console.error(
        "No object detector is installed: only motion and tampering are looked for. `vigil models list` tells more."
      )
    }
    const live = !config.url.startsWith("file:")
    const limit = Option.getOrElse(options.seconds, () => (live ? 10 : undefined))
    const settings: AnalysisOptions = {
      model,
      analytics,
      framesPerSecond: options.fps,
      ...(limit === undefined ? {} : { limit })
    }
    const print = (record: AnalysisRecord) => {
      process.stdout.write(`${options.json ? JSON.stringify(encode(record)) : text(record)}\n`)
    }
    yield* analyse(config, settings, print)
  }).pipe(Effect.provide(Media.layer), Effect.provide(Models.layer))
