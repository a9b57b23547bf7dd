import { createHash, randomUUID } from "node:crypto"
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor, ModelError } from "@vigil/core/Model"
import { type InstalledModel, ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { Effect, Layer, Option, Schema } from "effect"
import { checkModel, mayShrink } from "./CheckModel.js"
import { descriptors as shipped } from "./descriptors/Descriptors.js"
import { copyInto, defaultReceiveLimits, download, type OnProgress, type ReceiveLimits } from "./ReceiveModel.js"
import { defaultTestRunLimits, testRun, type TestRunLimits } from "./TestRun.js"

export interface ModelRepositoryOptions {
  /** Created when it does not exist. For each model a `<id>.json` with its descriptor and a `<id>-<sha256>.onnx`. */
  readonly folder: string
  /** Models that are known without a file, preferred ones first. */
  readonly known?: ReadonlyArray<ModelDescriptor>
  readonly receive?: ReceiveLimits
  readonly testRun?: TestRunLimits
}

const DescriptorFile = Schema.parseJson(ModelDescriptor)

/** Left behind by a process that died in the middle: removed after this many milliseconds. */
const partialLifetime = 3_600_000

const largestDescriptor = 1_048_576

/** The models of one folder. Several processes may use the folder at once: files appear and disappear whole. */
const make = (options: ModelRepositoryOptions) =>
  Effect.gen(function* () {
    const { folder, known = shipped, receive = defaultReceiveLimits, testRun: testRunLimits = defaultTestRunLimits } = options
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
        const text = yield* storage(id, `cannot read ${file}`, () => readText(file))
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
        const how = descriptor.url === undefined ? `vigil models import FILE` : `vigil models pull ${id}`
        return yield* new ModelError({ model: id, reason: "not-installed", detail: `is not installed; run \`${how}\`` })
      })

    /** Everything that must hold before a file becomes a model; nothing is left in the folder when it does not. */
    const admit = (
      descriptor: ModelDescriptor,
      fetchInto: (partial: string) => Effect.Effect<void, ModelError>
    ): Effect.Effect<InstalledModel, ModelError> => {
      const partial = join(folder, `.partial-${randomUUID()}`)
      return Effect.gen(function* () {
        yield* checkDescriptor(descriptor)
        yield* fetchInto(partial)
        const bytes = yield* storage(descriptor.id, `cannot read ${partial}`, () => readFile(partial))
        const onnx = yield* Effect.mapError(
          checkModel(descriptor, bytes),
          ({ detail, model, reason }) => new ModelError({ model, reason, detail })
        )
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
      pull: (id, onProgress: OnProgress) =>
        Effect.flatMap(find(id), (descriptor) =>
          admit(descriptor, (partial) => download(descriptor, partial, onProgress, receive))
        ),
      install: (descriptor, file) => admit(descriptor, (partial) => copyInto(descriptor, file, partial, () => {})),
      remove
    })
  })

export const layer = (options: ModelRepositoryOptions): Layer.Layer<ModelCatalogue, ModelError> =>
  Layer.effect(ModelCatalogue, make(options))

const checkDescriptor = ({ id, input }: ModelDescriptor): Effect.Effect<void, ModelError> => {
  const fail = (detail: string) => Effect.fail(new ModelError({ model: id, reason: "descriptor", detail }))
  if (input.scale.some((scale) => !Number.isFinite(scale) || scale === 0) || !input.mean.every(Number.isFinite)) {
    return fail("mean and scale of the input must be numbers, and scale not 0")
  }
  return input.size.width * input.size.height > largestInput
    ? fail(`its input is larger than ${largestInput} pixels`)
    : Effect.void
}

const largestInput = 4096 * 4096

/** Runs a file operation; whatever it throws is a `storage` error with the operation's name. */
const storage = <A>(model: string, what: string, run: () => Promise<A>): Effect.Effect<A, ModelError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new ModelError({ model, reason: "storage", detail: `${what}: ${cause instanceof Error ? cause.message : String(cause)}` })
  })

const isMissing = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOENT"

const statOf = async (file: string) => {
  try {
    return await stat(file)
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw cause
  }
}

const readText = async (file: string): Promise<string | undefined> => {
  const found = await statOf(file)
  if (found === undefined) return undefined
  if (found.size > largestDescriptor) throw new Error(`is larger than ${largestDescriptor} bytes`)
  return readFile(file, "utf8")
}

const checksumOf = async (file: string, known: Map<string, string>): Promise<string> => {
  const { size, mtimeMs, ino } = await stat(file)
  const version = `${file}:${size}:${mtimeMs}:${ino}`
  const before = known.get(version)
  if (before !== undefined) return before
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex")
  known.set(version, sha256)
  return sha256
}

const writeWhole = async (file: string, text: string, partial: string): Promise<void> => {
  const handle = await open(partial, "wx")
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, file)
}

/** Makes renames and removals in the folder survive a power cut. */
const synchroniseFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const removePartials = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(".partial-")) continue
    const file = join(folder, name)
    const found = await statOf(file)
    if (found !== undefined && Date.now() - found.mtimeMs > partialLifetime) await rm(file, { force: true })
  }
}
