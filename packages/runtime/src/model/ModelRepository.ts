import { randomUUID } from "node:crypto"
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import type { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor, ModelError } from "@vigil/core/Model"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { type ConfigError, Effect, Layer, Option, Schema } from "effect"
import { checkModel, descriptorFault, mayShrink } from "./CheckModel.js"
import type { ModelFault } from "./ModelFault.js"
import { descriptors as shipped } from "./descriptors/Descriptors.js"
import { copyInto, defaultReceiveLimits, download, type OnProgress, type ReceiveLimits } from "./ReceiveModel.js"
import { checksumOf, readText, removePartials, statOf, storage, synchroniseFolder, writeWhole } from "./ModelFiles.js"
import { OwnModelFolder } from "./OwnModelFiles.js"
import { defaultSandboxLimits, type SandboxLimits } from "./Sandbox.js"
import { testRun } from "./TestRun.js"

export interface ModelRepositoryOptions {
  /** Created when it does not exist. For each model a `<id>.json` with its descriptor and a `<id>-<sha256>.onnx`. */
  readonly folder: string
  /** Models that are known without a file, preferred ones first. */
  readonly known?: ReadonlyArray<ModelDescriptor>
  readonly receive?: ReceiveLimits
  readonly testRun?: SandboxLimits
}

const DescriptorFile = Schema.parseJson(ModelDescriptor)

const largestDescriptor = 1_048_576

const asModelError = ({ detail, model, reason }: ModelFault) => new ModelError({ model, reason, detail })

/** The models of one folder. Several processes may use the folder at once: files appear and disappear whole. */
const make = (options: ModelRepositoryOptions) =>
  Effect.gen(function* () {
    const { folder, known = shipped, receive = defaultReceiveLimits, testRun: testRunLimits = defaultSandboxLimits } = options
    const changes = yield* Effect.makeSemaphore(1)
    /** sha256 of files by name, size and time of change: a file is only read again when it changed. */
    const checksums = new Map<string, string>()

    yield* storage("models", `cannot use the folder ${folder}`, async () => {
      await mkdir(folder, { recursive: true })
      await removePartials(folder)
    })

    const fileOf = ({ id, sha256 }: ModelDescriptor) => join(folder, `${id}-${sha256.slice(0, 16)}.onnx`)
    const descriptorOf = (id: string) => join(folder, `${id}.json`)

    const readDescriptor = (id: string): Effect.Effect<Option.Option<ModelDescriptor>, ModelError> =>
      Effect.gen(function* () {
        const file = descriptorOf(id)
        const text = yield* storage(id, `cannot read ${file}`, () => readText(file, largestDescriptor))
        if (text === undefined) return Option.none()
        const descriptor = yield* Schema.decodeUnknown(DescriptorFile)(text).pipe(
          Effect.mapError((error) => new ModelError({ model: id, reason: "descriptor", detail: `${file}: ${error.message}` }))
        )
        if (descriptor.id === id) return Option.some(descriptor)
        return yield* new ModelError({ model: id, reason: "descriptor", detail: `${file} describes the model ${descriptor.id}` })
      })

    const isPresent = (descriptor: ModelDescriptor): Effect.Effect<boolean, ModelError> =>
      storage(
        descriptor.id,
        `cannot read ${fileOf(descriptor)}`,
        async () => (await statOf(fileOf(descriptor)))?.size === descriptor.bytes
      )

    const list = Effect.gen(function* () {
      const names = yield* storage("models", `cannot read ${folder}`, () => readdir(folder))
      const imported = yield* Effect.forEach(names.filter((name) => name.endsWith(".json")).sort(), (name) =>
        readDescriptor(name.slice(0, -".json".length)).pipe(
          Effect.catchIf(
            (error) => error.reason === "descriptor",
            (error) => Effect.as(Effect.logWarning(error.message), Option.none())
          )
        )
      )
      const byId = new Map(known.map((descriptor) => [descriptor.id, descriptor]))
      for (const descriptor of imported) if (Option.isSome(descriptor)) byId.set(descriptor.value.id, descriptor.value)
      return yield* Effect.forEach(byId.values(), (descriptor) =>
        Effect.map(isPresent(descriptor), (installed) => ({ descriptor, installed }))
      )
    })

    const find = (id: ModelId): Effect.Effect<ModelDescriptor, ModelError> =>
      Effect.gen(function* () {
        const stored = yield* readDescriptor(id)
        const descriptor = Option.getOrUndefined(stored) ?? known.find((one) => one.id === id)
        if (descriptor !== undefined) return descriptor
        const names = known.map((one) => one.id).join(", ")
        return yield* new ModelError({
          model: id,
          reason: "unknown",
          detail: `there is no such model; known without a file are ${names}`
        })
      })

    const verified = (descriptor: ModelDescriptor): Effect.Effect<InstalledModel, ModelError> =>
      Effect.gen(function* () {
        const file = fileOf(descriptor)
        const sha256 = yield* storage(descriptor.id, `cannot read ${file}`, () => checksumOf(file, checksums))
        if (sha256 === descriptor.sha256) return { descriptor, file }
        return yield* new ModelError({
          model: descriptor.id,
          reason: "checksum",
          detail: `${file} was changed: its sha256 is ${sha256}, the descriptor says ${descriptor.sha256}; remove and install it again`
        })
      })

    const installed = (id: ModelId): Effect.Effect<InstalledModel, ModelError> =>
      Effect.gen(function* () {
        const descriptor = yield* find(id)
        if (yield* isPresent(descriptor)) return yield* verified(descriptor)
        const how = descriptor.url === undefined ? `vigil models pull ${id} --from URL|FILE` : `vigil models pull ${id}`
        return yield* new ModelError({ model: id, reason: "not-installed", detail: `is not installed; run \`${how}\`` })
      })

    /** Everything that must hold before a file becomes a model; nothing is left in the folder when it does not. */
    const admit = (
      descriptor: ModelDescriptor,
      fetchInto: (partial: string) => Effect.Effect<void, ModelError>
    ): Effect.Effect<InstalledModel, ModelError> => {
      const partial = join(folder, `.partial-${randomUUID()}`)
      return Effect.gen(function* () {
        const wrong = descriptorFault(descriptor)
        if (wrong !== undefined) return yield* asModelError(wrong)
        yield* fetchInto(partial)
        const bytes = yield* storage(descriptor.id, `cannot read ${partial}`, () => readFile(partial))
        const onnx = yield* Effect.mapError(checkModel(descriptor, bytes), asModelError)
        yield* testRun(descriptor, partial, mayShrink(descriptor, onnx), testRunLimits)
        const before = yield* readDescriptor(descriptor.id).pipe(Effect.orElseSucceed(() => Option.none<ModelDescriptor>()))
        const file = fileOf(descriptor)
        yield* storage(descriptor.id, `cannot install it into ${folder}`, async () => {
          await rename(partial, file)
          await writeWhole(descriptorOf(descriptor.id), Schema.encodeSync(DescriptorFile)(descriptor), `${partial}.json`)
          if (Option.isSome(before) && fileOf(before.value) !== file) await rm(fileOf(before.value), { force: true })
          await synchroniseFolder(folder)
        })
        return { descriptor, file }
      }).pipe(Effect.ensuring(Effect.promise(() => rm(partial, { force: true }))), changes.withPermits(1))
    }

    const remove = (id: ModelId): Effect.Effect<void, ModelError> =>
      Effect.gen(function* () {
        const descriptor = yield* find(id)
        const stored = yield* storage(id, `cannot read ${descriptorOf(id)}`, () => statOf(descriptorOf(id)))
        if (stored === undefined && !(yield* isPresent(descriptor))) {
          return yield* new ModelError({ model: id, reason: "not-installed", detail: "is not installed" })
        }
        yield* storage(id, `cannot remove it from ${folder}`, async () => {
          await rm(descriptorOf(id), { force: true })
          await rm(fileOf(descriptor), { force: true })
          await synchroniseFolder(folder)
        })
      }).pipe(changes.withPermits(1))

    return ModelCatalogue.of({
      list,
      installed,
      preferred: (task) =>
        Effect.gen(function* () {
          for (const { descriptor, installed } of yield* list) {
            if (installed && descriptor.task === task) return Option.some(yield* verified(descriptor))
          }
          return Option.none()
        }),
      pull: (id, onProgress: OnProgress, from) =>
        Effect.flatMap(find(id), (descriptor) =>
          admit(descriptor, (partial) => download(descriptor, from ?? descriptor.url, partial, onProgress, receive))
        ),
      install: (descriptor, file) => admit(descriptor, (partial) => copyInto(descriptor, file, partial, () => {})),
      remove
    })
  })

/** The models of the folder, and where below it those that tenants bring have their place. */
export const layer = (
  options: ModelRepositoryOptions
): Layer.Layer<ModelCatalogue | OwnModelFolder, ModelError | ConfigError.ConfigError> =>
  Layer.merge(Layer.effect(ModelCatalogue, make(options)), OwnModelFolder.layerConfig(options.folder))
