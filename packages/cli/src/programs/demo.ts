import { NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import type { Scene } from "@vigil/fixtures/scene/Scene"
import { sceneFiles } from "@vigil/fixtures/scene/SceneFile"
import { scenes } from "@vigil/fixtures/scene/SceneLibrary"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Console, type Duration, Effect, Option, Ref, Schedule, Schema, Stream } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dataFolder } from "../Installation.js"
import * as Telemetry from "../Telemetry.js"
import * as Up from "../Up.js"
import { announce } from "./up.js"

const titles: Readonly<Record<string, string>> = {
  yard: "Yard",
  street: "Street",
  corridor: "Corridor",
  tamper: "Yard, tampered with"
}

const shown = scenes.filter(({ name }) => name in titles)

/** The scene detector is part of the demonstration only, so it is installed into the demonstration's own folder. */
const installDetector = Effect.gen(function* () {
  const catalogue = yield* ModelCatalogue
  const { bytes, descriptor } = sceneDetector()
  const decoded = yield* Schema.decode(ModelDescriptor)(descriptor)
  const installed = yield* Effect.option(catalogue.installed(decoded.id))
  if (Option.isSome(installed) && installed.value.descriptor.sha256 === decoded.sha256) return
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-demo-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const file = join(folder, "scene-detector.onnx")
  yield* Effect.promise(() => writeFile(file, bytes))
  yield* catalogue.install(decoded, file)
}).pipe(Effect.scoped)

/** The cameras of the demonstration as they should be now: the simulator's ports change from start to start. */
const configure = (urls: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const known = yield* store.list(defaultTenant)
    const configureOne = (scene: Scene, index: number) =>
      Effect.gen(function* () {
        const url = urls[index] ?? ""
        const camera = known.find(({ name }) => name === titles[scene.name])
        if (camera === undefined) yield* store.create(defaultTenant, yield* newCamera(scene, url))
        else yield* store.update(defaultTenant, camera.id, { url })
      })
    yield* Effect.forEach(shown, configureOne, { discard: true })
  })

const newCamera = (scene: Scene, url: string) =>
  Schema.decode(NewCamera)({
    name: titles[scene.name] ?? scene.name,
    url,
    zones: scene.zones,
    detection: { framesPerSecond: 5, gate: "motion" }
  })

/** Follows every camera's overlays, for the latency from capture to detection. Milliseconds. */
const followLatency = (samples: Ref.Ref<ReadonlyArray<number>>) =>
  Effect.gen(function* () {
    const control = yield* CameraControl
    const follow = (id: CameraId) =>
      control.overlays(id).pipe(
        Stream.runForEach(({ wallTime }) => Ref.update(samples, (all) => [...all.slice(-9_999), Date.now() - wallTime])),
        Effect.retry(Schedule.spaced("500 millis"))
      )
    const store = yield* CameraStore
    const cameras = yield* store.list(defaultTenant)
    yield* Effect.forEach(cameras, ({ id }) => Effect.forkScoped(follow(id)), { discard: true })
  })

const summaryOf = (statuses: ReadonlyArray<CameraStatus>, latencies: ReadonlyArray<number>) => {
  const total = (pick: (pipeline: CameraStatus["pipeline"]) => number) =>
    statuses.reduce((sum, status) => sum + pick(status.pipeline), 0)
  const rounded = (share: number) => {
    const value = percentile(latencies, share)
    return value === undefined ? null : Math.round(value * 10) / 10
  }
  return {
    cameras: statuses.length,
    streaming: statuses.filter(({ state }) => state._tag === "Streaming").length,
    framesDecoded: total(({ framesDecoded }) => framesDecoded),
    framesDropped: total(({ framesDropped }) => framesDropped),
    detections: total(({ detections }) => detections),
    events: total(({ events }) => events),
    latencyMsP50: rounded(0.5),
    latencyMsP95: rounded(0.95)
  }
}

const words = (summary: ReturnType<typeof summaryOf>) =>
  `${summary.cameras} cameras, ${summary.framesDecoded} frames decoded, ${summary.framesDropped} dropped, ` +
  `${summary.detections} detections, ${summary.events} events, ` +
  `camera to detection ${summary.latencyMsP50 ?? "?"} ms (p50), ${summary.latencyMsP95 ?? "?"} ms (p95)`

/** Outlives the node that watches them, so that the last thing cameras see is an orderly end. */
const startCameras = Effect.gen(function* () {
  yield* Console.error("Preparing the demonstration's cameras: the scenes are drawn once and kept.")
  const [first, ...others] = (yield* sceneFiles(shown)).map(({ video }) => video)
  if (first === undefined) return yield* Effect.dieMessage("the demonstration has no scenes")
  return yield* spawnCameras({ files: [first, ...others], count: shown.length })
})

interface Options {
  readonly json: boolean
  readonly limit: Option.Option<Duration.Duration>
}

const show = (urls: ReadonlyArray<string>, options: Options) =>
  Effect.gen(function* () {
    yield* installDetector
    yield* configure(urls)
    const samples = yield* Ref.make<ReadonlyArray<number>>([])
    yield* followLatency(samples)
    yield* announce(options)
    if (Option.isNone(options.limit)) return yield* Effect.never
    yield* Effect.sleep(options.limit.value)
    const statuses = yield* Effect.flatMap(CameraControl, (control) => control.statuses)
    const summary = summaryOf(statuses, yield* Ref.get(samples))
    yield* Console.log(options.json ? JSON.stringify(summary) : words(summary))
  }).pipe(Effect.scoped)

export const demo = (options: Options) =>
  Effect.gen(function* () {
    const folder = join(yield* dataFolder, "demo")
    const { urls } = yield* startCameras
    yield* show(urls, options).pipe(Effect.provide(Up.layer(folder)))
  }).pipe(Effect.scoped, Effect.provide(Telemetry.layer))
