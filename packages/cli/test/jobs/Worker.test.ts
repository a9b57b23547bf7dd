import { randomUUID } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { CameraId, defaultTenant, Epoch, ModelId } from "@vigil/core/Ids"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { sourceConfig } from "@vigil/core/Source"
import type { VideoJob } from "@vigil/core/VideoJob"
import type { VideoJobResult } from "@vigil/core/VideoJobResult"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { type ClosedSegment, makeSegmenter } from "@vigil/runtime/camera/Segmenter"
import { makeVideoJob } from "@vigil/runtime/jobs/MakeVideoJob"
import * as JobsOfCluster from "@vigil/runtime/jobs/JobsOfCluster"
import { MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import { layer as layerMediaWorkers } from "@vigil/runtime/media/MediaWorkersLive"
import { Nats } from "@vigil/runtime/nats/Nats"
import { ConfigProvider, Effect, Either, Layer, Stream } from "effect"
import { pathToFileURL } from "node:url"
import { installDetector } from "../Detector.js"
import { eventually, firstLine, type Running, runningVigil, temporaryFolder, vigil } from "../Vigil.js"

const model = ModelId.make("scene-detector")

/** Limits that a test's server has room for; unanswered jobs come again soon. */
const limits = { VIGIL_JOBS_MAX_MB: "32", VIGIL_JOBS_ACKNOWLEDGEMENT_TIME: "2 seconds" }

const jobsAt = (url: string) =>
  JobsOfCluster.layer.pipe(
    Layer.provide(Nats.layer({ url, cluster: "vigil" })),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(limits)), { pathDelim: "_" })))
  )

/** Segments of two seconds of a scene with people, as a camera would send them. */
const segmentsOf = (camera: CameraId) =>
  Effect.gen(function* () {
    const { video } = yield* sceneFile(yard)
    const workers = yield* MediaWorkers
    const segmenter = makeSegmenter(camera, Epoch.make(1), { duration: 2, overlap: 0 })
    const closed: Array<ClosedSegment> = []
    segmenter.listen({ onClosed: (segment) => closed.push(segment) })
    const config = sourceConfig(pathToFileURL(video).href, { pace: "as-fast-as-possible" })
    const source = yield* workers.openDemuxer(config, (unit) => void segmenter.onAccessUnit(unit))
    segmenter.onDescription?.(source.description)
    yield* source.ended
    const track = source.description.tracks.find((candidate) => candidate.kind === "video")
    if (track?.kind !== "video") return yield* Effect.dieMessage("the scene has no video")
    return closed.map(
      (segment): VideoJob =>
        Either.getOrThrow(makeVideoJob(segment, track, { id: camera, tenantId: defaultTenant }, model, "HIGH"))
    )
  }).pipe(Effect.scoped)

const lastLine = (worker: Running): unknown => JSON.parse(worker.printed().stdout.trim().split("\n").at(-1) ?? "")

const following = (cameras: ReadonlyArray<CameraId>) =>
  Effect.gen(function* () {
    const { follow } = yield* VideoJobResults
    const got: Array<VideoJobResult> = []
    for (const camera of cameras) {
      const results = yield* follow(camera)
      yield* Effect.forkScoped(Stream.runForEach(results, (result) => Effect.sync(() => got.push(result))))
    }
    return got
  })

describe.skipIf(!hasNatsServer)("vigil worker [needs nats-server]", () => {
  it.scopedLive(
    "kill -9 in the middle of jobs: every job is processed, no result comes twice, each camera's in order; the others end in order",
    () =>
      Effect.gen(function* () {
        const folder = yield* installDetector
        const { url } = yield* startNatsServer()
        const environment = { VIGIL_DATA: folder, ...limits }
        yield* Effect.gen(function* () {
          const queue = yield* VideoJobQueue
          const cameras = Array.from({ length: 4 }, () => CameraId.make(randomUUID()))
          const jobs = yield* Effect.forEach(cameras, segmentsOf).pipe(Effect.provide(layerMediaWorkers({ workers: 1 })))
          const got = yield* following(cameras)
          const start = runningVigil(["worker", "--model", model, "--nats", url, "--concurrency", "2", "--json"], environment)
          const [doomed, other] = [yield* start, yield* start]
          for (const worker of [doomed, other]) expect(yield* firstLine(worker)).toMatchObject({ model, processed: 0 })
          const rounds = Math.max(...jobs.map(({ length }) => length))
          for (let round = 0; round < rounds; round++) {
            for (const own of jobs) {
              const job = own[round]
              if (job !== undefined) yield* queue.publish(job, { framesPerSecond: 5 })
            }
          }
          const all = jobs.flat().length
          expect(all).toBeGreaterThan(12)
          const doomedName = new RegExp(`/${doomed.process.pid}$`)
          yield* eventually("results of both workers", () => {
            const names = new Set(got.map(({ worker }) => worker))
            return names.size === 2 || undefined
          })
          doomed.process.kill("SIGKILL")
          const before = got.length
          expect(before).toBeLessThan(all)
          yield* eventually("all results", () => got.length === all || undefined)
          expect(new Set(got.map(({ jobId }) => jobId)).size).toBe(all)
          expect(got.some(({ worker }) => doomedName.test(worker))).toBe(true)
          for (const [index, camera] of cameras.entries()) {
            const sequences = got.filter(({ cameraId }) => cameraId === camera).map(({ segmentSequence }) => segmentSequence)
            expect(sequences).toEqual(jobs[index]?.map(({ segmentSequence }) => segmentSequence))
          }
          const labels = new Set(
            got.flatMap(({ frames }) => frames.flatMap(({ detections }) => detections.map(({ label }) => label)))
          )
          expect([...labels]).toContain("person")
          expect(yield* queue.deadLetters(10)).toEqual([])
          yield* Effect.sleep("300 millis")
          expect(got).toHaveLength(all)

          other.process.kill("SIGTERM")
          const ended = yield* Effect.promise(() => other.ended)
          expect(ended.code).toBe(0)
          expect(lastLine(other)).toMatchObject({ model, failed: 0, inFlight: 0 })
        }).pipe(Effect.scoped, Effect.provide(jobsAt(url)))
      }),
    400_000
  )

  it.scopedLive(
    "says in one sentence what is wrong with its model, its concurrency or its server",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { url } = yield* startNatsServer()
        const environment = { VIGIL_DATA: folder, ...limits }
        const call = (...args: ReadonlyArray<string>) => vigil(["worker", ...args], environment)
        const absent = yield* call("--model", "absent", "--nats", url)
        expect(absent.code).toBe(1)
        expect(absent.stderr).toContain("model absent")
        const known = yield* call("--model", "yolox-nano", "--nats", url)
        expect(known).toMatchObject({ code: 1 })
        expect(known.stderr).toContain("is not installed; run `vigil models")
        expect(yield* call("--model", "yolox-nano", "--nats", url, "--concurrency", "0")).toMatchObject({ code: 2 })
        expect(yield* call("--model", "yolox-nano")).toMatchObject({ code: 2 })
        const secret = yield* call("--model", "yolox-nano", "--nats", "nats://me:hunter2@127.0.0.1:4222")
        expect(secret).toMatchObject({ code: 2 })
        expect(secret.stderr).not.toContain("hunter2")
      }),
    400_000
  )
})
