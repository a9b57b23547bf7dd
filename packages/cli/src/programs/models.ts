import { ModelId } from "@vigil/core/Ids"
import { CatalogueEntry, ModelDescriptor } from "@vigil/core/Model"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { describeModel } from "@vigil/runtime/model/DescribeModel"
import { Console, Effect, Option, Schema } from "effect"
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import * as Models from "../Models.js"
import { bytes, CommandFailed, printJson, table } from "../Output.js"

const idOf = (text: string) =>
  Effect.mapError(Schema.decode(ModelId)(text), () => new CommandFailed({ detail: `${text} cannot be the id of a model` }))

interface ModelOptions {
  readonly model: string
  readonly json: boolean
}

interface PullOptions extends ModelOptions {
  readonly from: Option.Option<string>
}

interface ImportOptions {
  readonly file: string
  readonly descriptor: Option.Option<string>
  readonly json: boolean
}

export const list = (options: { readonly json: boolean }) =>
  Effect.gen(function* () {
    const entries = yield* Effect.flatMap(ModelCatalogue, (catalogue) => catalogue.list)
    if (options.json) return yield* printJson(Schema.Array(CatalogueEntry))(entries)
    const rows = entries.map(({ descriptor, installed }) => [
      descriptor.id,
      descriptor.version,
      descriptor.task,
      descriptor.adapter,
      descriptor.licence,
      bytes(descriptor.bytes),
      installed ? "installed" : descriptor.url === undefined ? "pull --from" : "pull it"
    ])
    yield* Console.log(table(["ID", "VERSION", "TASK", "ADAPTER", "LICENCE", "SIZE", "STATE"], rows))
  }).pipe(Effect.provide(Models.layer))

const addressOf = (from: string): string => (/^[a-z][a-z0-9+.-]*:\/\//i.test(from) ? from : pathToFileURL(from).href)

export const pull = (options: PullOptions) =>
  Effect.gen(function* () {
    const id = yield* idOf(options.model)
    const catalogue = yield* ModelCatalogue
    const progress = (received: number, total: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${id}: ${bytes(received)} of ${bytes(total)}`)
    }
    const { descriptor } = yield* catalogue.pull(id, progress, Option.getOrUndefined(Option.map(options.from, addressOf)))
    if (process.stderr.isTTY) process.stderr.write("\n")
    yield* options.json ? printJson(ModelDescriptor)(descriptor) : Console.log(`${id} ${descriptor.version} is installed.`)
  }).pipe(Effect.provide(Models.layer))

const descriptorIn = (file: string) =>
  Effect.try({ try: (): unknown => JSON.parse(readFileSync(file, "utf8")), catch: String }).pipe(
    Effect.flatMap(Schema.decodeUnknown(ModelDescriptor)),
    Effect.mapError((error) => new CommandFailed({ detail: `${file} is not a model descriptor: ${String(error)}` }))
  )

export const importModel = (options: ImportOptions) =>
  Effect.gen(function* () {
    const catalogue = yield* ModelCatalogue
    const descriptor = yield* Option.match(options.descriptor, {
      onNone: () => describeModel(options.file),
      onSome: descriptorIn
    })
    const installed = yield* catalogue.install(descriptor, options.file)
    yield* options.json
      ? printJson(ModelDescriptor)(installed.descriptor)
      : Console.log(`${descriptor.id} ${descriptor.version} is installed.`)
  }).pipe(Effect.provide(Models.layer))

export const remove = (options: ModelOptions) =>
  Effect.gen(function* () {
    const id = yield* idOf(options.model)
    yield* Effect.flatMap(ModelCatalogue, (catalogue) => catalogue.remove(id))
    yield* Console.log(options.json ? JSON.stringify({ removed: id }) : `${id} is removed.`)
  }).pipe(Effect.provide(Models.layer))
