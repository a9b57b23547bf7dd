import type { Unauthorized } from "@vigil/core/contract/Principal"
import { ModelId } from "@vigil/core/Ids"
import type { ModelError } from "@vigil/core/Model"
import type { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import * as JobsOfCluster from "@vigil/runtime/jobs/JobsOfCluster"
import { startWorker, type Worker, WorkerStatistics } from "@vigil/runtime/jobs/Worker"
import { WorkerModels } from "@vigil/runtime/jobs/WorkerModels"
import * as WorkerRpcNats from "@vigil/runtime/jobs/WorkerRpcNats"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import type { OwnModelFolder } from "@vigil/runtime/model/OwnModelFiles"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Config, Console, Effect, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { availableParallelism, hostname } from "node:os"
import * as Models from "../Models.js"
import { natsArgument } from "../NatsArgument.js"
import { decodeTyped, printJson, readText } from "../Output.js"
import * as Telemetry from "../Telemetry.js"

interface Options {
  readonly model: string
  readonly nats: Option.Option<string>
  readonly tokenFile: Option.Option<string>
  readonly concurrency: Option.Option<number>
  readonly json: boolean
}

/** Between two lines of progress. */
const interval = "5 seconds"

const Concurrency = Schema.Int.pipe(Schema.between(1, 64))

const seconds = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? "–" : `${(milliseconds / 1000).toFixed(2)} s`

const text = ({ detections, failed, inFlight, processed, tookP50, tookP95, waitedP95 }: WorkerStatistics): string =>
  [
    `${processed} jobs done, ${failed} tries failed, ${inFlight} at work, ${detections} detections`,
    `a job takes ${seconds(tookP50)} (p95 ${seconds(tookP95)}) after waiting (p95 ${seconds(waitedP95)})`
  ].join("; ")

/** Data goes to standard output, progress for people to standard error. */
const report = (options: Options) => (worker: Worker) =>
  Effect.suspend(() =>
    options.json ? printJson(WorkerStatistics)(worker.statistics()) : Console.error(text(worker.statistics()))
  )

const tokenOf = (file: Option.Option<string>) =>
  Option.isSome(file)
    ? Effect.map(readText(file.value), (text) => Option.some(Redacted.make(text.trim())))
    : Config.option(Config.redacted("VIGIL_WORKER_TOKEN"))

/** What the worker looks at jobs with, and whose jobs they are: with a token, those of the tenant's own model. */
const layerModels = (
  model: ModelId,
  token: Option.Option<Redacted.Redacted>
): Layer.Layer<WorkerModels, ModelError | StoreUnavailable | Unauthorized, Nats | ModelCatalogue | OwnModelFolder> =>
  Option.isNone(token)
    ? WorkerModels.layerInstalled(model)
    : Layer.provide(WorkerModels.layerOwn(model), WorkerRpcNats.layerClient(token.value))

export const worker = (options: Options) =>
  Effect.gen(function* () {
    const model = yield* decodeTyped(ModelId, "--model")(options.model)
    const concurrency = yield* decodeTyped(
      Concurrency,
      "--concurrency"
    )(Option.getOrElse(options.concurrency, () => availableParallelism()))
    const name = `${hostname()}/${process.pid}`
    const nats = yield* natsArgument(options.nats)
    const token = yield* tokenOf(options.tokenFile)
    const tell = report(options)
    let started: Worker | undefined

    yield* Effect.gen(function* () {
      const { refused } = yield* WorkerModels
      const own = yield* startWorker({ model, concurrency, name })
      started = own
      if (!options.json) yield* Console.error(`Working off jobs for ${model}, ${concurrency} at a time. Ctrl-C ends it.`)
      yield* Effect.raceFirst(Effect.repeat(tell(own), Schedule.spaced(interval)), refused)
    }).pipe(
      Effect.scoped,
      // After the last job was finished or given back.
      Effect.ensuring(Effect.suspend(() => (started === undefined ? Effect.void : tell(started)))),
      Effect.provide(
        JobsOfCluster.layer.pipe(
          Layer.merge(layerModels(model, token)),
          Layer.provide(Nats.layer({ ...nats, name: `vigil worker ${model} ${name}` })),
          Layer.merge(MediaWorkersLive.layerConfig),
          Layer.provide(Models.layer)
        )
      )
    )
  }).pipe(Effect.provide(Telemetry.layer))
