import { Args, Command, Options } from "@effect/cli"
import { type BulkChange, BulkResult, mostAtOnce } from "@vigil/core/CameraBulk"
import { Label } from "@vigil/core/Camera"
import { ImportReport } from "@vigil/core/CameraSheet"
import { Console, Effect, Option, Schema } from "effect"
import { described } from "../../Help.js"
import { readFile, writeFile } from "node:fs/promises"
import { cameraArgument, findCamera, listCameras } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { overHttp } from "../../operator/Server.js"
import { type ServerOptions, serverOptions } from "../../operator/ServerAccess.js"
import { CommandFailed, decodeTyped, json, printJson, table, UsageError } from "../../Output.js"
import { placeNamed } from "../../PlaceReference.js"
import { word } from "../../SourceArgument.js"
import { tagOptions } from "../../TagArgument.js"

const importText = ({ added, dryRun, good, problems, rows }: ImportReport): string => {
  const bad = table(
    ["ROW", "COLUMN", "PROBLEM"],
    problems.map(({ column = "", detail, row }) => [String(row), column, detail])
  )
  const summary = dryRun ? `${good} of ${rows} rows can be added.` : `${added} of ${rows} cameras are added.`
  return problems.length === 0 ? summary : `${bad}\n${summary}`
}

const importCameras = Command.make(
  "import",
  {
    file: word("file", "A CSV or XLSX file whose first row names the columns."),
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Tell what is wrong with which row, and add nothing.")),
    good: Options.boolean("good-rows").pipe(
      Options.withDescription("Add the rows that are good; without it a bad row keeps all from being added.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const payload = yield* Effect.tryPromise({
        try: () => readFile(options.file),
        catch: (error) => new UsageError({ detail: `${options.file} cannot be read: ${String(error)}` })
      })
      const rows = options.good ? "good" : "all"
      const report = yield* overHttp((http) => http.cameras.import({ payload, urlParams: { dryRun: options.dryRun, rows } }))
      yield* options.json ? printJson(ImportReport)(report) : Console.log(importText(report))
      const isRefused = report.problems.length > 0 && !options.good
      if (isRefused)
        return yield* new CommandFailed({ detail: `${options.file} has bad rows${options.dryRun ? "" : ": nothing was added"}` })
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Add the cameras of a CSV or XLSX file.",
      "vigil camera import cameras.xlsx --dry-run",
      "vigil camera import cameras.csv --good-rows"
    )
  )
)

const exportCameras = Command.make(
  "export",
  { file: word("file", "The file to write: .xlsx, or .csv for CSV."), ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const isWorkbook = options.file.toLowerCase().endsWith(".xlsx")
      if (!isWorkbook && !options.file.toLowerCase().endsWith(".csv"))
        return yield* new UsageError({ detail: "the file's name must end in .csv or .xlsx" })
      const bytes = yield* overHttp((http) => (isWorkbook ? http.cameras.exportXlsx() : http.cameras.exportCsv()))
      yield* Effect.tryPromise({
        try: () => writeFile(options.file, bytes),
        catch: (error) => new CommandFailed({ detail: `${options.file} cannot be written: ${String(error)}` })
      })
      yield* Console.log(
        options.json
          ? JSON.stringify({ file: options.file, bytes: bytes.length })
          : `The cameras are in ${options.file}, without their credentials.`
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Write all cameras to a file that `import` takes, without credentials.",
      "vigil camera export cameras.xlsx",
      "vigil camera export cameras.csv --place North"
    )
  )
)

const changeMany = (
  options: ServerOptions & { readonly cameras: ReadonlyArray<string>; readonly json: boolean },
  change: Effect.Effect<BulkChange, Error, Server.Server>
) =>
  Effect.gen(function* () {
    if (options.cameras.length > mostAtOnce)
      return yield* new UsageError({ detail: `name at most ${mostAtOnce} cameras at a time` })
    const wanted = yield* change
    const all = yield* listCameras
    const cameras = yield* Effect.forEach(options.cameras, (text) => findCamera(all, text))
    const names = new Map(cameras.map(({ id, name }) => [id, name]))
    const { results } = yield* overHttp((http) => http.cameras.bulk({ payload: { ids: [...names.keys()], change: wanted } }))
    if (options.json) yield* printJson(Schema.Array(BulkResult))(results)
    const failed = results.filter(({ done }) => !done)
    if (!options.json) {
      yield* Effect.forEach(failed, ({ id, problem }) => Console.error(`${names.get(id) ?? id}: ${problem?.detail ?? ""}`))
      yield* Console.log(`${results.length - failed.length} of ${results.length} cameras are changed.`)
    }
    if (failed.length > 0) return yield* new CommandFailed({ detail: `${failed.length} cameras could not be changed` })
  }).pipe(Effect.provide(Server.layer(options)))

const cameras = Args.atLeast(cameraArgument, 1)

const move = Command.make(
  "move",
  {
    cameras,
    place: Options.text("place").pipe(
      Options.optional,
      Options.withDescription("Where they hang now; without it, nowhere that is known.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    changeMany(
      options,
      Effect.map(Effect.transposeMapOption(options.place, placeNamed), (found) => ({
        action: "move" as const,
        placeId: Option.match(found, { onNone: () => null, onSome: ({ place }) => place.id })
      }))
    )
).pipe(
  Command.withDescription(described("Say in which place cameras hang.", "vigil camera move Entrance Yard --place North/Hall"))
)

const tag = Command.make(
  "tag",
  {
    cameras,
    ...tagOptions,
    ...serverOptions,
    json
  },
  (options) =>
    changeMany(
      options,
      Effect.map(decodeTyped(Schema.Array(Label), "the tag")(options.tags), (tags) => ({
        action: options.remove ? ("untag" as const) : ("tag" as const),
        tags
      }))
    )
).pipe(
  Command.withDescription(
    described("Put tags on cameras, or take them off.", "vigil camera tag Entrance Yard --tag outside --tag night")
  )
)

/** Commands about many cameras at a time. */
export const manyCommands = [importCameras, exportCameras, move, tag] as const
