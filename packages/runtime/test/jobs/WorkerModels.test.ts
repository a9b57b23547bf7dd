import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import type { Unauthorized } from "@vigil/core/contract/Principal"
import { defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import { layerVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import { layerVideoJobResultsMemory } from "@vigil/core/memory/VideoJobResultsMemory"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { OwnModels, ownModelsOf } from "@vigil/core/port/OwnModels"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import type { VideoJobTerms } from "@vigil/core/VideoJob"
import { startWorkerWith } from "@vigil/runtime/jobs/Worker"
import { WorkerModels } from "@vigil/runtime/jobs/WorkerModels"
import { WorkerIdentity } from "@vigil/runtime/jobs/WorkerRpcNats"
import { OwnModelFolder } from "@vigil/runtime/model/OwnModelFiles"
import { Effect, Either, Layer, Logger, LogLevel, Schedule, Stream } from "effect"
import { describeTiny, temporaryFolder } from "../material/Models.js"
import { jobOf, terms } from "../material/VideoJobs.js"

const model = ModelId.make("own")
const size = { width: 32, height: 32 }

/** What stands between the worker and the store. */
const way = { cut: false, damaged: false }

/** The worker hears of nothing by itself: what it knows it asked for. */
const layerSource = Layer.effect(
  OwnModels,
  Effect.map(ModelStore, (store) => {
    const source = ownModelsOf(store)
    const cut = new StoreUnavailable({ operation: "ask the nodes for models", detail: "no node answers" })
    return OwnModels.of({
      changes: Stream.never,
      active: Effect.suspend(() => (way.cut ? Effect.fail(cut) : source.active)),
      read: (file, from) =>
        way.cut ? Stream.fail(cut) : Stream.map(source.read(file, from), (piece) => (way.damaged ? piece.map(() => 0) : piece))
    })
  })
)

const layerIdentity = (tenantId: TenantId, refused: Effect.Effect<never, Unauthorized> = Effect.never) =>
  Layer.succeed(WorkerIdentity, { tenantId, refused })

const bytesOf = (version: string) => new TextEncoder().encode(`the weights of ${version}`)
const ownOf = (version: string): VideoJobTerms["own"] => ({
  version,
  sha256: createHash("sha256").update(bytesOf(version)).digest("hex")
})

const activate = (version: string, tenant = defaultTenant) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const bytes = bytesOf(version)
    const descriptor = describeTiny(bytes, size, { id: model, version })
    yield* store.create(tenant, model, { version, bytes: bytes.length, sha256: descriptor.sha256, hints: {} })
    yield* store.putPart(tenant, model, version, 0, bytes)
    yield* store.judge(tenant, model, version, Either.right(descriptor))
    yield* store.activate(tenant, model, version)
  })

/** A worker of the default tenant's model, which notes what it looked at jobs with. */
const startNoting = Effect.gen(function* () {
  const used: Array<InstalledModel> = []
  yield* startWorkerWith({ model, concurrency: 1, name: "w" }, (_, by) =>
    Effect.sync(() => {
      used.push(by)
      return []
    })
  )
  return used
})

const publish = (own: VideoJobTerms["own"]) =>
  Effect.gen(function* () {
    const job = jobOf({ models: [model] })
    yield* (yield* VideoJobQueue).publish(job, { ...terms, own })
    return job
  })

/** Waits until what is seen holds. */
const seen = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (now: A) => boolean) =>
  Effect.retry(
    Effect.filterOrFail(look, holds, () => new Error(`never: ${what}`)),
    { schedule: Schedule.spaced("10 millis"), times: 500 }
  )

const untilVersions = (used: ReadonlyArray<InstalledModel>, versions: ReadonlyArray<string>) =>
  seen(
    versions.join(),
    Effect.sync(() => used.map(({ descriptor }) => descriptor.version)),
    ({ length }) => length >= versions.length
  ).pipe(Effect.map((now) => expect(now).toEqual(versions)))

const deadLetter = Effect.flatMap(VideoJobQueue, ({ deadLetters }) =>
  seen("a dead letter", deadLetters(1), ({ length }) => length > 0)
).pipe(Effect.map(([letter]) => letter))

const withStore = <E>(test: Effect.Effect<void, E, ModelStore | VideoJobQueue | OwnModels | OwnModelFolder>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      Object.assign(way, { cut: false, damaged: false })
      yield* test.pipe(
        Effect.provide(
          Layer.mergeAll(
            Layer.provideMerge(layerSource, layerModelStoreMemory),
            layerVideoJobQueueMemory({ retryDelay: 10, deliveries: 3 }),
            OwnModelFolder.layer(folder.path)
          )
        ),
        Logger.withMinimumLogLevel(LogLevel.None)
      )
    })
  )

/** With a worker's models, as its token says whose it is. */
const asWorker = <A, E, R>(work: Effect.Effect<A, E, R>, tenant = defaultTenant) =>
  work.pipe(
    Effect.provide(
      Layer.merge(WorkerModels.layerOwn(model).pipe(Layer.provide(layerIdentity(tenant))), layerVideoJobResultsMemory)
    ),
    Effect.scoped
  )

describe("WorkerModels", () => {
  it.live("looks with the active version, and goes over to another one with the first job that names it", () =>
    withStore(
      Effect.gen(function* () {
        yield* activate("1")
        yield* asWorker(
          Effect.gen(function* () {
            const used = yield* startNoting
            yield* publish(ownOf("1"))
            yield* untilVersions(used, ["1"])
            yield* activate("2")
            yield* publish(ownOf("2"))
            yield* untilVersions(used, ["1", "2"])
            // Made before the change: what is active now looks at it.
            yield* publish(ownOf("1"))
            yield* untilVersions(used, ["1", "2", "2"])
            expect(yield* (yield* VideoJobQueue).deadLetters(1)).toEqual([])
          })
        )
      })
    )
  )

  it.live("gives up a job of a version that it cannot get, with the reason, and looks at the next", () =>
    withStore(
      Effect.gen(function* () {
        yield* activate("1")
        yield* asWorker(
          Effect.gen(function* () {
            const used = yield* startNoting
            yield* activate("2")
            way.damaged = true
            const job = yield* publish(ownOf("2"))
            const letter = yield* deadLetter
            expect(letter).toMatchObject({ jobId: job.jobId, model, deliveries: 3 })
            expect(letter?.reason).toMatch(/model own: the sha256 of what came is/)
            way.damaged = false
            yield* publish(ownOf("2"))
            yield* untilVersions(used, ["2"])
          })
        )
      })
    )
  )

  it.live("does not look with an older version than a job names where nobody can say which is active", () =>
    withStore(
      Effect.gen(function* () {
        yield* activate("1")
        yield* asWorker(
          Effect.gen(function* () {
            const used = yield* startNoting
            way.cut = true
            yield* publish(ownOf("1"))
            yield* untilVersions(used, ["1"])
            yield* publish(ownOf("2"))
            expect((yield* deadLetter)?.reason).toContain("no node answers")
            expect(used).toHaveLength(1)
          })
        )
      })
    )
  )

  it.live("looks with nothing once no version is active", () =>
    withStore(
      Effect.gen(function* () {
        yield* activate("1")
        yield* asWorker(
          Effect.gen(function* () {
            const used = yield* startNoting
            yield* (yield* ModelStore).deactivate(defaultTenant, model)
            yield* (yield* ModelStore).remove(defaultTenant, model, "1")
            yield* publish(ownOf("2"))
            expect((yield* deadLetter)?.reason).toContain("no version of it is active")
            expect(used).toEqual([])
          })
        )
      })
    )
  )

  it.live("has the models of its own tenant only", () =>
    withStore(
      Effect.gen(function* () {
        yield* activate("1")
        const other = TenantId.make("00000000-0000-4000-8000-000000000002")
        const error = yield* Effect.flip(asWorker(Effect.void, other))
        expect(error).toMatchObject({ _tag: "ModelError", reason: "unknown" })
      })
    )
  )
})
