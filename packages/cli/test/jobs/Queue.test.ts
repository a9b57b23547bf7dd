import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import * as Node from "@vigil/cli/Node"
import { NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { NodeName } from "@vigil/core/Node"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { ConfigProvider, Effect, Layer, Logger, LogLevel, Redacted, Schedule, Schema } from "effect"
import { runningVigil, temporaryFolder } from "../Vigil.js"

const model = ModelId.make("scene-detector")

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

describe.skipIf(!hasNatsServer || !hasPostgres)("detection on the queue [needs nats-server and PostgreSQL]", () => {
  it.scopedLive(
    "a node's camera goes from its own detector to workers and back, with events from both, in one epoch on one connection",
    () =>
      Effect.gen(function* () {
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
        yield* Effect.gen(function* () {
          yield* installModel(dataFolder)
          const store = yield* CameraStore
          const events = yield* EventStore
          const control = yield* CameraControl
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
            url: urls[0] ?? "",
            zones: [zone],
            segment: { duration: 2, overlap: 0 },
            detection
          })
          const { id } = yield* store.create(defaultTenant, input)
          const status = Effect.retry(control.status(id), Schedule.spaced("100 millis"))
          const reached = (what: string, condition: (now: CameraStatus) => boolean) =>
            status.pipe(
              Effect.filterOrFail(condition, () => new Error(`never: ${what}`)),
              Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo("30 seconds")))
            )
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
            Effect.timeoutFail({ duration: "30 seconds", onTimeout: () => new Error("never: an event out of the queue") })
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
        }).pipe(Effect.scoped, Effect.provide(Layer.provide(Node.layerSilent(form), environment)))
      }),
    180_000
  )
})
