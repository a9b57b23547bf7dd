import { Command, Options } from "@effect/cli"
import { CameraModel } from "@vigil/core/contract/api/ModelsApi"
import { ModelId } from "@vigil/core/Ids"
import { ModelHints, ModelVersion, NewModelVersion, partSize, partsOf, VersionName } from "@vigil/core/ModelVersion"
import { Console, Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { open } from "node:fs/promises"
import { cameraArgument, cameraNamed } from "../../camera/CameraReference.js"
import { described } from "../../Help.js"
import * as Server from "../../operator/Server.js"
import { overHttp } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { bytes as sizeText, CommandFailed, decodeTyped, json, printJson, readText, table, UsageError } from "../../Output.js"
import { word } from "../../SourceArgument.js"

const modelArgument = word("model", "The id of the model: lower case, digits and dashes.")
const versionArgument = word("version", "The version, for example 1.4.0.")

const pathOf = (options: { readonly model: string; readonly version: string }) =>
  Effect.all({
    id: decodeTyped(ModelId, "the model")(options.model),
    version: decodeTyped(VersionName, "the version")(options.version)
  })

const stateText = ({ active, received, bytes, refusal, state }: ModelVersion): string => {
  if (state === "quarantined") return `in quarantine: ${refusal?.detail ?? ""}`
  if (state === "uploading") return received === bytes ? "not checked yet" : `${sizeText(received)} of ${sizeText(bytes)} here`
  return active ? "active" : "ready"
}

const tell = (options: { readonly json: boolean }, version: ModelVersion) =>
  options.json ? printJson(ModelVersion)(version) : Console.log(`${version.model} ${version.version}: ${stateText(version)}`)

const versions = Command.make("versions", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const all = yield* overHttp((http) => http.models.versions())
    if (options.json) return yield* printJson(Schema.Array(ModelVersion))(all)
    const rows = all.map((one) => [one.model, one.version, sizeText(one.bytes), stateText(one)])
    yield* Console.log(table(["MODEL", "VERSION", "SIZE", "STATE"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("The versions of your own models, which were uploaded.", "vigil models versions --json"))
)

const hintsIn = (file: string) =>
  Effect.gen(function* () {
    const text = yield* readText(file)
    const parsed = yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) => new UsageError({ detail: `${file} is not JSON: ${String(error)}` })
    })
    return yield* decodeTyped(ModelHints, file)(parsed)
  })

const opened = (file: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => open(file, "r"),
      catch: (error) =>
        new UsageError({ detail: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` })
    }),
    (handle) => Effect.promise(() => handle.close())
  )

type FileHandle = Effect.Effect.Success<ReturnType<typeof opened>>

const readPart = (handle: FileHandle, part: number) =>
  Effect.tryPromise({
    try: async () => {
      const buffer = new Uint8Array(partSize)
      const { bytesRead } = await handle.read(buffer, 0, partSize, part * partSize)
      return buffer.subarray(0, bytesRead)
    },
    catch: (error) => new CommandFailed({ detail: `the file cannot be read: ${String(error)}` })
  })

/** Size and checksum; the file is read once for them and once to send it, and never held whole. */
const factsOf = (handle: FileHandle) =>
  Effect.gen(function* () {
    const { size } = yield* Effect.promise(() => handle.stat())
    const hash = createHash("sha256")
    for (let part = 0; part < partsOf(size); part++) hash.update(yield* readPart(handle, part))
    return { bytes: size, sha256: hash.digest("hex") }
  })

const progress = (name: string, done: number, total: number) =>
  Effect.sync(() => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${done} of ${total} MB${done === total ? "\n" : ""}`)
  })

const activateOption = Options.boolean("activate").pipe(
  Options.withDescription("Have cameras that name the model run this version if it passes.")
)

const upload = Command.make(
  "upload",
  {
    file: word("file", "The ONNX file."),
    model: modelArgument,
    version: versionArgument,
    hints: Options.file("describe", { exists: "yes" }).pipe(
      Options.optional,
      Options.withDescription(
        "A JSON file with what the model's own file does not tell: title, labels, requirements ...; see docs/models.md."
      )
    ),
    activate: activateOption,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const path = yield* pathOf(options)
      const hints = yield* Effect.transposeMapOption(options.hints, hintsIn)
      const handle = yield* opened(options.file)
      const facts = yield* factsOf(handle)
      const announced = { version: path.version, ...facts, hints: Option.getOrElse(hints, () => ({})) }
      const version = yield* decodeTyped(Schema.typeSchema(NewModelVersion), options.file)(announced)
      const { received, state } = yield* overHttp((http) => http.models.create({ payload: { model: path.id, ...version } }))
      const parts = state === "ready" || received === facts.bytes ? 0 : partsOf(facts.bytes)
      for (let part = 0; part < parts; part++) {
        const payload = yield* readPart(handle, part)
        yield* overHttp((http) => http.models.putPart({ path: { ...path, part }, payload }))
        yield* progress(options.model, part + 1, parts)
      }
      const checked =
        state === "ready"
          ? yield* overHttp((http) => http.models.get({ path }))
          : yield* overHttp((http) => http.models.check({ path }))
      const goesOn = options.activate && checked.state === "ready"
      yield* tell(options, goesOn ? yield* overHttp((http) => http.models.activate({ path })) : checked)
      if (checked.state !== "ready")
        return yield* new CommandFailed({ detail: `${options.model} ${options.version} was refused and stays in quarantine` })
    }).pipe(Effect.scoped, Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Send a model of your own to the server, which checks and tries it. An upload that was cut off goes on when it is repeated.",
      "vigil models upload forklifts.onnx forklifts 1.0",
      "vigil models upload forklifts.onnx forklifts 1.1 --describe forklifts.json --activate"
    )
  )
)

const check = Command.make("check", { model: modelArgument, version: versionArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const path = yield* pathOf(options)
    yield* tell(options, yield* overHttp((http) => http.models.check({ path })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("Check and try a version again that is in quarantine.", "vigil models check forklifts 1.0"))
)

const activate = Command.make("activate", { model: modelArgument, version: versionArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const path = yield* pathOf(options)
    yield* tell(options, yield* overHttp((http) => http.models.activate({ path })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Have cameras that name the model run this version, at once and without a pause.",
      "vigil models activate forklifts 1.0"
    )
  )
)

const deactivate = Command.make("deactivate", { model: modelArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const id = yield* decodeTyped(ModelId, "the model")(options.model)
    yield* overHttp((http) => http.models.deactivate({ path: { id } }))
    yield* Console.log(options.json ? "{}" : `No version of ${id} is active.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Have no camera run a model that no camera names any more.", "vigil models deactivate forklifts")
  )
)

const remove = Command.make("delete", { model: modelArgument, version: versionArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const path = yield* pathOf(options)
    yield* overHttp((http) => http.models.remove({ path }))
    yield* Console.log(options.json ? "{}" : `${options.model} ${options.version} is deleted.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("Delete a version that is not active, and its file.", "vigil models delete forklifts 0.9"))
)

const forCamera = Command.make("for", { camera: cameraArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id } = yield* cameraNamed(options.camera)
    const models = yield* overHttp((http) => http.models.forCamera({ path: { id } }))
    if (options.json) return yield* printJson(Schema.Array(CameraModel))(models)
    const rows = models.map(({ assigned, entry: { descriptor, installed, own = false }, problem }) => [
      descriptor.id,
      descriptor.version,
      own ? "your own" : "installation",
      problem ?? (assigned ? "assigned" : installed ? "can be assigned" : "not installed")
    ])
    yield* Console.log(table(["MODEL", "VERSION", "OF", "STATE"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Which models a camera can be given, and why not the others; `vigil camera edit --detector` gives one.",
      'vigil models for "Loading bay"'
    )
  )
)

/** Commands about the models that a running Vigil was sent. */
export const ownModelCommands = [versions, upload, check, activate, deactivate, remove, forCamera] as const
