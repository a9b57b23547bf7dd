import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import { toUrl } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import * as Node from "@vigil/cli/Node"
import { NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { type CameraId, defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { NodeName } from "@vigil/core/Node"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { ConfigProvider, Effect, Layer, Logger, LogLevel, Redacted, Schedule, Schema } from "effect"
import { bringOwnModel, ownModelFile } from "../models/OwnModel.js"
import { eventually, firstLine, runningVigil, temporaryFolder, vigil } from "../Vigil.js"

const model = ModelId.make("scene-detector")

const otherTenant = TenantId.make("00000000-0000-4000-8000-000000000002")

const configuration = {
  VIGIL_HOST: "127.0.0.1",
  VIGIL_PORT: "0",
  VIGIL_KEY: Buffer.alloc(32, 7).toString("base64"),
  VIGIL_JOBS_MAX_MB: "32"
}

const environment = Layer.merge(
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(configuration)), { pathDelim: "_" })),
  Logger.minimumLogLevel(LogLevel.Error)
)

const installModel = (folder: string) =>
  Effect.gen(function* () {
    const { bytes, descriptor } = sceneDetector()
    const file = join(folder, "scene.onnx")
    yield* Effect.promise(() => writeFile(file, bytes))
    yield* (yield* ModelCatalogue).install(yield* Schema.decode(ModelDescriptor)(descriptor), file)
  })

/** A camera of this scene at a node with workers' queue, and what is seen of it. */
const startSite = Effect.gen(function* () {
  const nats = yield* startNatsServer({ configuration: "" })
  const postgres = yield* startPostgresServer
  const { video } = yield* sceneFile(yard)
  const { urls } = yield* startCameras({ files: [video] })
  const dataFolder = yield* temporaryFolder
  const form: Node.NodeForm = {
    name: NodeName.make("only"),
    roles: ["camera"],
    capacity: { cameras: 100, cpu: 1, memory: 2 ** 40 },
    labels: {},
    nats: { url: nats.url, cluster: "vigil" },
    database: toUrl(Redacted.make(postgres.url)),
    dataFolder
  }
  return { nats, url: urls[0] ?? "", dataFolder, node: Layer.provide(Node.layerSilent(form), environment) }
})

const watching = (id: CameraId) =>
  Effect.map(CameraControl, (control) => {
    const status = Effect.retry(control.status(id), Schedule.spaced("100 millis"))
    return (what: string, condition: (now: CameraStatus) => boolean) =>
      status.pipe(
        Effect.filterOrFail(condition, () => new Error(`never: ${what}`)),
        Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo("2 minutes")))
      )
  })

describe.skipIf(!hasNatsServer || !hasPostgres)("detection on the queue [needs nats-server and PostgreSQL]", () => {
  it.scopedLive(
    "a node's camera goes from its own detector to workers and back, with events from both, in one epoch on one connection",
    () =>
      Effect.gen(function* () {
        const { dataFolder, nats, node, url } = yield* startSite
        yield* Effect.gen(function* () {
          yield* installModel(dataFolder)
          const store = yield* CameraStore
          const events = yield* EventStore
          const queue = yield* VideoJobQueue
          const detection = { model, framesPerSecond: 5, gate: "always" as const }
          const zone = {
            name: "Everywhere",
            polygon: [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1]
            ].map(([x = 0, y = 0]) => ({ x, y }))
          }
          const input = yield* Schema.decode(NewCamera)({
            name: "Yard",
            url,
            zones: [zone],
            segment: { duration: 2, overlap: 0 },
            detection
          })
          const { id } = yield* store.create(defaultTenant, input)
          const reached = yield* watching(id)
          const intrusions = Effect.map(
            events.query(defaultTenant, { cameraId: id, eventType: "INTRUSION", limit: 500 }),
            ({ events: found }) => found.length
          )

          const first = yield* reached("detections of the node's own", ({ pipeline }) => pipeline.detections > 0)
          expect(first.pipeline.jobs).toBeUndefined()

          yield* store.update(defaultTenant, id, { detection: { ...detection, placement: "queue" } })
          yield* reached("jobs are published", ({ pipeline }) => (pipeline.jobs?.published ?? 0) >= 2)
          expect((yield* queue.depth).find((entry) => entry.model === model && entry.waiting > 0)).toBeDefined()
          const before = yield* intrusions
          yield* runningVigil(["worker", "--model", model, "--nats", nats.url, "--json"], {
            VIGIL_DATA: dataFolder,
            VIGIL_JOBS_MAX_MB: "32"
          })
          const away = yield* reached("answers", ({ pipeline }) => (pipeline.jobs?.answered ?? 0) >= 6)
          expect(away.pipeline.jobs).toMatchObject({ lost: 0, dropped: 0 })
          yield* Effect.repeat(intrusions, { until: (count) => count > before, schedule: Schedule.spaced("200 millis") }).pipe(
            Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => new Error("never: an event out of the queue") })
          )

          yield* store.update(defaultTenant, id, { detection: { ...detection, placement: "local" } })
          yield* reached("nothing is outstanding", ({ pipeline, revision }) => revision === 3 && pipeline.jobs?.outstanding === 0)
          const settled = yield* reached("no job any more", ({ pipeline }) => pipeline.segments > 0)
          const last = yield* reached(
            "detections of the node's own again",
            ({ pipeline }) => pipeline.detections > settled.pipeline.detections + 10
          )
          expect(last.epoch).toBe(first.epoch)
          expect(last.source.accessUnits).toBeGreaterThan(away.source.accessUnits)
          expect(last.source.accessUnits).toBeGreaterThan(15 * 10)
          expect(last.state._tag).toBe("Streaming")
        }).pipe(Effect.scoped, Effect.provide(node))
      }),
    400_000
  )

  it.scopedLive(
    "workers with a tenant's token look with its own model, whichever version is active, and end when the token is revoked",
    () =>
      Effect.gen(function* () {
        const { nats, node, url } = yield* startSite
        yield* Effect.gen(function* () {
          const own = ModelId.make("trucks")
          const first = yield* bringOwnModel(defaultTenant, own, "1", ownModelFile(7))
          const detection = { model: own, framesPerSecond: 5, gate: "always" as const, placement: "queue" as const }
          const input = yield* Schema.decode(NewCamera)({ name: "Yard", url, segment: { duration: 2, overlap: 0 }, detection })
          const { id } = yield* (yield* CameraStore).create(defaultTenant, input)
          const reached = yield* watching(id)
          const token = (tenant: TenantId) =>
            Effect.gen(function* () {
              const made = newToken()
              const store = yield* WorkerTokenStore
              const { id: tokenId } = yield* store.create(tenant, { name: "lorry yard" }, hashToken(made))
              return { made, revoke: store.remove(tenant, tokenId) }
            })
          yield* Effect.flatMap(Database, (database) =>
            database.system("add tenant", (sql) => sql`insert into tenants (id, name) values (${otherTenant}, 'second')`)
          )
          const [mine, theirs] = yield* Effect.all([token(defaultTenant), token(otherTenant)])
          const folder = yield* temporaryFolder
          const words = ["worker", "--model", own, "--nats", nats.url, "--concurrency", "1", "--json"]
          const environmentOf = (worker?: string) => ({
            VIGIL_DATA: folder,
            VIGIL_JOBS_MAX_MB: "32",
            ...(worker === undefined ? {} : { VIGIL_WORKER_TOKEN: worker })
          })
          const [without, strange, wrong] = yield* Effect.all(
            [vigil(words, environmentOf()), vigil(words, environmentOf(theirs.made)), vigil(words, environmentOf(newToken()))],
            { concurrency: 3 }
          )
          expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining("model trucks: there is no such model") })
          expect(strange).toMatchObject({ code: 1, stderr: expect.stringContaining("no version of it is active") })
          expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no such worker token") })

          const worker = yield* runningVigil(words, environmentOf(mine.made))
          expect(yield* firstLine(worker)).toMatchObject({ model: own, owner: defaultTenant })
          const before = yield* reached("answers", ({ pipeline }) => (pipeline.jobs?.answered ?? 0) >= 2)
          expect(before.pipeline.jobs).toMatchObject({ lost: 0 })
          const second = yield* bringOwnModel(defaultTenant, own, "2", ownModelFile(2))
          yield* eventually("the new version's file", () =>
            existsSync(join(folder, "models", "own", `${second}.onnx`)) ? true : undefined
          )
          const after = yield* reached(
            "answers with the new version",
            ({ pipeline }) => (pipeline.jobs?.answered ?? 0) >= (before.pipeline.jobs?.answered ?? 0) + 3
          )
          expect(after).toMatchObject({ epoch: before.epoch, state: before.state, pipeline: { jobs: { lost: 0 } } })
          expect(existsSync(join(folder, "models", "own", `${first}.onnx`))).toBe(true)
          expect(yield* (yield* VideoJobQueue).deadLetters(1)).toEqual([])

          yield* mine.revoke
          const ended = yield* Effect.promise(() => worker.ended)
          expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no such worker token") })
        }).pipe(Effect.scoped, Effect.provide(node))
      }),
    400_000
  )
})
