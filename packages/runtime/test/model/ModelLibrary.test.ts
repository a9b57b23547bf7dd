import { readFile, stat, writeFile } from "node:fs/promises"
import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { LicenceRefused } from "@vigil/core/Licence"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import { Licences } from "@vigil/core/port/Licences"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import * as ModelLibraryLive from "@vigil/runtime/model/ModelLibraryLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Effect, Either, Layer, Logger, LogLevel, Option, Schedule, Stream } from "effect"
import { describeTiny, temporaryFolder } from "../material/Models.js"

const otherTenant = TenantId.make("00000000-0000-4000-8000-000000000002")
const size = { width: 96, height: 64 }
const box = { x: 10, y: 10, width: 20, height: 30 }
const bytesOf = (label: number) => fixedYolox({ size, classes: 2, detections: [{ label, confidence: 0.9, box }] })
const own = ModelId.make("own")
const shipped = ModelId.make("shipped")

/** A store that can be away. */
const switched = { away: false, parts: 0 }

const layerSwitchedStore = Layer.effect(
  ModelStore,
  Effect.map(ModelStore, (store) => {
    const absent = new StoreUnavailable({ operation: "test", detail: "switched off" })
    const ifThere = <A, E, R>(work: Effect.Effect<A, E, R>) =>
      Effect.zipRight(
        Effect.suspend(() => (switched.away ? Effect.fail(absent) : Effect.void)),
        work
      )
    return ModelStore.of({
      ...store,
      active: ifThere(store.active),
      part: (...asked) =>
        ifThere(
          Effect.suspend(() => {
            switched.parts += 1
            return store.part(...asked)
          })
        )
    })
  })
).pipe(Layer.provide(layerModelStoreMemory))

/** Who may use which models of the installation. */
const layerLicences = (allowed: () => boolean) =>
  Layer.effect(
    Licences,
    Effect.map(Effect.provide(Licences, Licences.layerUnlimited), (unlimited) =>
      Licences.of({
        ...unlimited,
        requireModel: (_, model) => (allowed() ? Effect.void : new LicenceRefused({ reason: "model", detail: `not ${model}` }))
      })
    )
  )

const withLibrary = (
  test: (folder: string) => Effect.Effect<void, unknown, ModelLibrary | ModelStore | ModelCatalogue>,
  allowed = () => true
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      Object.assign(switched, { away: false, parts: 0 })
      yield* test(folder.path).pipe(
        Effect.provide(
          ModelLibraryLive.layer.pipe(
            Layer.provide(layerLicences(allowed)),
            Layer.provideMerge(Layer.merge(layerSwitchedStore, ModelRepository.layer({ folder: folder.path, known: [] })))
          )
        ),
        Logger.withMinimumLogLevel(LogLevel.None)
      )
    })
  )

/** Has a tenant's model run a version that finds things of this label. */
const activate = (version: string, label: number, tenant = defaultTenant) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const bytes = bytesOf(label)
    const sha256 = createHash("sha256").update(bytes).digest("hex")
    yield* store.create(tenant, own, { version, bytes: bytes.length, sha256, hints: {} })
    yield* store.putPart(tenant, own, version, 0, bytes)
    yield* store.judge(tenant, own, version, Either.right(describeTiny(bytes, size, { id: own, version })))
    yield* store.activate(tenant, own, version)
  })

const soon = { schedule: Schedule.spaced("20 millis"), times: 200 }

const installedVersion = (version: string, tenant = defaultTenant) =>
  Effect.flatMap(ModelLibrary, (library) =>
    Effect.retry(
      Effect.filterOrFail(
        library.installed(tenant, own),
        ({ descriptor }) => descriptor.version === version,
        () => new Error(`it is not ${version}`)
      ),
      soon
    )
  )

const sha256Of = (file: string) =>
  Effect.promise(async () =>
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex")
  )

describe("ModelLibrary", () => {
  it.live("fetches a tenant's own model once, for nobody else to read, and again when its file was damaged", () =>
    withLibrary((folder) =>
      Effect.gen(function* () {
        yield* activate("1", 0)
        const { descriptor, file } = yield* installedVersion("1")
        expect(file.startsWith(`${folder}/own/`)).toBe(true)
        expect(yield* sha256Of(file)).toBe(descriptor.sha256)
        expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
        const { parts } = switched
        yield* installedVersion("1")
        expect(switched.parts).toBe(parts)
        yield* Effect.promise(() => writeFile(file, "something else"))
        yield* installedVersion("1")
        expect(yield* sha256Of(file)).toBe(descriptor.sha256)
      })
    )
  )

  it.live("tells of a version that is activated, and of one that takes its place", () =>
    withLibrary(() =>
      Effect.gen(function* () {
        const library = yield* ModelLibrary
        yield* activate("1", 0)
        yield* installedVersion("1")
        const told = yield* Effect.fork(Stream.runHead(library.changes))
        yield* Effect.yieldNow()
        yield* activate("2", 1)
        yield* told
        yield* installedVersion("2")
        expect(yield* library.list(defaultTenant)).toMatchObject([{ descriptor: { id: own, version: "2" }, own: true }])
      })
    )
  )

  it.live("has models of one id for each tenant its own", () =>
    withLibrary(() =>
      Effect.gen(function* () {
        const library = yield* ModelLibrary
        yield* activate("1", 0)
        expect(yield* Effect.flip(library.installed(otherTenant, own))).toMatchObject({ reason: "unknown" })
        expect(yield* library.list(otherTenant)).toEqual([])
        yield* activate("7", 1, otherTenant)
        const [mine, theirs] = yield* Effect.all([installedVersion("1"), installedVersion("7", otherTenant)])
        expect(mine.file).not.toBe(theirs.file)
      })
    )
  )

  it.live("knows what is active, and has its file, while the store is away", () =>
    withLibrary(() =>
      Effect.gen(function* () {
        yield* activate("1", 0)
        const before = yield* installedVersion("1")
        switched.away = true
        expect(yield* installedVersion("1")).toEqual(before)
        yield* Effect.promise(() => writeFile(before.file, "something else"))
        const error = yield* Effect.flip(Effect.flatMap(ModelLibrary, (library) => library.installed(defaultTenant, own)))
        expect(error).toMatchObject({ _tag: "StoreUnavailable" })
        switched.away = false
        expect(yield* installedVersion("1")).toEqual(before)
      })
    )
  )

  it.live("gives models of the installation to whom the licence gives them, and own ones to their tenant", () => {
    let licensed = true
    return withLibrary(
      (folder) =>
        Effect.gen(function* () {
          const library = yield* ModelLibrary
          const bytes = bytesOf(0)
          const file = `${folder}/incoming.onnx`
          yield* Effect.promise(() => writeFile(file, bytes))
          yield* (yield* ModelCatalogue).install(describeTiny(bytes, size, { id: shipped }), file)
          yield* activate("1", 1)
          yield* installedVersion("1")
          expect((yield* library.installed(defaultTenant, shipped)).descriptor.id).toBe(shipped)
          expect(Option.getOrThrow(yield* library.preferred(defaultTenant, "objects")).descriptor.id).toBe(shipped)
          licensed = false
          expect(yield* Effect.flip(library.installed(defaultTenant, shipped))).toMatchObject({ _tag: "LicenceRefused" })
          expect(yield* library.preferred(defaultTenant, "objects")).toEqual(Option.none())
          yield* installedVersion("1")
        }),
      () => licensed
    )
  })
})
