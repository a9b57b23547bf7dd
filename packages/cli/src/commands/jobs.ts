import { Args, Command, Options } from "@effect/cli"
import type { CameraId, VideoJobId } from "@vigil/core/Ids"
import { VideoJobId as JobId } from "@vigil/core/Ids"
import { DeadVideoJob } from "@vigil/core/port/VideoJobQueue"
import { Console, DateTime, Effect, Schema } from "effect"
import { listCameras } from "../camera/CameraReference.js"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table, UsageError } from "../Output.js"
import { word } from "../SourceArgument.js"

const printLetters = printJson(Schema.Array(DeadVideoJob))

const jobNamed = decodeTyped(JobId, "the job")

const cameraNames = Effect.map(listCameras, (cameras) => {
  const names = new Map(cameras.map(({ id, name }) => [id, name]))
  return (id: CameraId) => names.get(id) ?? id
})

const list = Command.make(
  "list",
  {
    limit: Options.integer("limit").pipe(Options.withDefault(50), Options.withDescription("How many, newest first; 1 to 500.")),
    ...serverOptions,
    json
  },
  ({ limit, ...options }) =>
    Effect.gen(function* () {
      if (limit < 1 || limit > 500) return yield* new UsageError({ detail: "--limit is 1 to 500" })
      const letters = yield* overHttp((http) => http.jobs.dead({ urlParams: { limit } }))
      if (options.json) return yield* printLetters(letters)
      if (letters.length === 0) return yield* Console.error("No job was given up in the last seven days.")
      const nameOf = yield* cameraNames
      const rows = letters.map(({ at, cameraId, deliveries, jobId, model, reason }) => [
        ...[DateTime.formatIso(at), jobId, nameOf(cameraId), model, String(deliveries), reason]
      ])
      yield* Console.log(table(["AT", "JOB", "CAMERA", "MODEL", "TRIES", "REASON"], rows))
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Jobs that were given up, newest first, with the reason of the last try.", "vigil jobs dead list --limit 10")
  )
)

const letterText = (letter: DeadVideoJob, camera: string): string => {
  const facts = [
    ["given up", DateTime.formatIso(letter.at)],
    ["camera", `${camera} (${letter.cameraId})`],
    ["segment", String(letter.segmentSequence)],
    ["model", letter.model],
    ["tries", String(letter.deliveries)],
    ["reason", letter.reason]
  ]
  return [letter.jobId, ...facts.map(([fact = "", value = ""]) => `  ${fact.padEnd(10)}${value}`)].join("\n")
}

const show = Command.make("show", { job: word("job", "The id of the job."), ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const id = yield* jobNamed(options.job)
    const letters = yield* overHttp((http) => http.jobs.getDead({ path: { id } }))
    if (options.json) return yield* printLetters(letters)
    const nameOf = yield* cameraNames
    yield* Console.log(letters.map((letter) => letterText(letter, nameOf(letter.cameraId))).join("\n"))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "All that is known of a job that was given up. Its video is not kept.",
      "vigil jobs dead show 3f2a9c1e-5d0b-4d57-8c11-0a9d2f6b7e10"
    )
  )
)

const discardOne = (id: VideoJobId) => overHttp((http) => http.jobs.discardDead({ path: { id } }))

/** Every job that can be listed; again, until none is left. */
const discardAll: Effect.Effect<number, Error, Server.Server> = Effect.gen(function* () {
  const letters = yield* overHttp((http) => http.jobs.dead({ urlParams: { limit: 500 } }))
  const ids = [...new Set(letters.map(({ jobId }) => jobId))]
  yield* Effect.forEach(ids, discardOne, { discard: true })
  return ids.length === 0 ? 0 : ids.length + (yield* discardAll)
})

const Discarded = Schema.Struct({ discarded: Schema.Int })

const discard = Command.make(
  "discard",
  {
    jobs: Args.repeated(word("job", "The id of a job that was given up.")),
    all: Options.boolean("all").pipe(Options.withDescription("All of the tenant's.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      if (options.all === options.jobs.length > 0) return yield* new UsageError({ detail: "name jobs, or take --all" })
      const ids = yield* Effect.forEach(options.jobs, jobNamed)
      const discarded = options.all ? yield* discardAll : (yield* Effect.forEach(ids, discardOne)).length
      yield* options.json
        ? printJson(Discarded)({ discarded })
        : Console.log(`${discarded} ${discarded === 1 ? "job is" : "jobs are"} discarded.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Forget jobs that were given up, once their reason is mended. They are not tried again: their video is not kept.",
      "vigil jobs dead discard 3f2a9c1e-5d0b-4d57-8c11-0a9d2f6b7e10",
      "vigil jobs dead discard --all"
    )
  )
)

const dead = Command.make("dead").pipe(
  Command.withDescription("Jobs that workers gave up."),
  Command.withSubcommands([list, show, discard])
)

export const jobsCommand = Command.make("jobs").pipe(
  Command.withDescription("Segments of cameras that workers look at (vigil worker)."),
  Command.withSubcommands([dead])
)
