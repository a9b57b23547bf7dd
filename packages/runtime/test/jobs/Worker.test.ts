import { describe, expect, it } from "@effect/vitest"
import { ModelId } from "@vigil/core/Ids"
import { layerVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import { layerVideoJobResultsMemory } from "@vigil/core/memory/VideoJobResultsMemory"
import { ModelError } from "@vigil/core/Model"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { type VideoJobDelivery, VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { mediaTime } from "@vigil/core/Time"
import type { VideoJobResult } from "@vigil/core/VideoJobResult"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { hasNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { writeSegmentFile } from "@vigil/runtime/jobs/segment/SegmentFile"
import { startWorker, startWorkerWith } from "@vigil/runtime/jobs/Worker"
import { WorkerModels } from "@vigil/runtime/jobs/WorkerModels"
import { layer as layerMediaWorkers } from "@vigil/runtime/media/MediaWorkersLive"
import { Deferred, Effect, Either, Exit, Fiber, Layer, Logger, LogLevel, Schedule, Scope, Stream } from "effect"
import { layerJobs } from "../material/JobServer.js"
import { describeTiny, temporaryFolder } from "../material/Models.js"
import { anyCameraId, jobOf, terms } from "../material/VideoJobs.js"
import { h264, readFile, testPicture, videoFolder } from "../material/Video.js"

const quiet = Logger.minimumLogLevel(LogLevel.None)
const model = ModelId.make("tiny")

const size = { width: 320, height: 256 }
const fixed = fixedYolox({
  size,
  classes: 2,
  detections: [{ label: 0, confidence: 0.9, box: { x: 40, y: 60, width: 50, height: 90 } }]
})

/** A catalogue of one model that finds one person in any picture. */
const layerCatalogue = Layer.scoped(
  ModelCatalogue,
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => temporaryFolder()),
      (open) => Effect.promise(() => open[Symbol.asyncDispose]())
    )
    const descriptor = describeTiny(fixed, size)
    const file = yield* Effect.promise(() => folder.write("tiny.onnx", fixed))
    const absent = (id: ModelId) => new ModelError({ model: id, reason: "not-installed", detail: "is not installed" })
    return ModelCatalogue.of({
      list: Effect.succeed([]),
      installed: (id) => (id === model ? Effect.succeed({ descriptor, file }) : absent(id)),
      preferred: () => Effect.die("nobody asks"),
      pull: absent,
      install: () => absent(model),
      remove: absent
    })
  })
)

const installed = Layer.provide(WorkerModels.layerInstalled(model), layerCatalogue)

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("10 millis") }))

/** Collects the results of these cameras. */
const followAll = (cameras: ReadonlyArray<ReturnType<typeof anyCameraId>>) =>
  Effect.gen(function* () {
    const { follow } = yield* VideoJobResults
    const got: Array<VideoJobResult> = []
    for (const cameraId of cameras) {
      const stream = yield* follow(cameraId)
      yield* Effect.forkScoped(Stream.runForEach(stream, (result) => Effect.sync(() => got.push(result))))
    }
    return got
  })

/** Looks at nothing, for a while, and notes what it was given when. */
const slowly =
  (log: Array<{ readonly what: "began" | "ended"; readonly delivery: VideoJobDelivery }>, milliseconds: number) =>
  (delivery: VideoJobDelivery) =>
    Effect.gen(function* () {
      log.push({ what: "began", delivery })
      yield* Effect.sleep(Math.random() * milliseconds)
      if (Math.random() < 0.1) return yield* Effect.fail({ message: "as the test wants it" })
      return []
    }).pipe(Effect.ensuring(Effect.sync(() => log.push({ what: "ended", delivery }))))

/** Nothing comes again because a machine stood still for a while. */
const sharing = { acknowledgementTime: 60_000, retryDelay: 20, deliveries: 20 }

const embedded = Layer.mergeAll(layerVideoJobQueueMemory(sharing), layerVideoJobResultsMemory, quiet)

describe("Worker", () => {
  it.scopedLive(
    "decodes a job's segment and finds what is in it, at the frames' media times",
    () =>
      Effect.gen(function* () {
        const videos = yield* Effect.acquireRelease(
          Effect.promise(() => videoFolder()),
          (open) => Effect.promise(() => open[Symbol.asyncDispose]())
        )
        const file = yield* Effect.promise(() => videos.make("film.mp4", ...testPicture("640x480", 15, 2), ...h264(15)))
        const { track, video } = yield* readFile(file)
        const units = video.map((unit) => ({ ...unit, mediaTime: mediaTime(unit.mediaTime + 60_000_000) }))
        const segment = Either.getOrThrow(writeSegmentFile(track, units))
        const { publish } = yield* VideoJobQueue
        const job = jobOf({ models: [model], segment })
        const got = yield* followAll([job.cameraId])
        const worker = yield* startWorker({ model, concurrency: 2, name: "w" })
        yield* publish(job, terms)
        yield* until(() => got.length === 1)
        const frames = got[0]?.frames ?? []
        expect(frames).toHaveLength(10)
        const due = frames.map((frame) => frame.mediaTime)
        expect(due[0]).toBe(60_000_000)
        expect(due.every((time, index) => Math.abs(time - 60_000_000 - index * 200_000) < 70_000)).toBe(true)
        for (const { detections, wallTime } of frames) {
          expect(detections).toMatchObject([{ label: "person" }])
          expect(wallTime).toBeGreaterThanOrEqual(1_700_000_000_123)
        }
        yield* until(() => worker.statistics().processed === 1)
        expect(worker.statistics()).toMatchObject({ failed: 0, inFlight: 0, frames: 10, detections: 10 })
      }).pipe(Effect.provide(Layer.mergeAll(embedded, installed, layerMediaWorkers({ workers: 1 })))),
    120_000
  )

  it.scopedLive(
    "gives up a segment that is no video, with the reason, and goes on",
    () =>
      Effect.gen(function* () {
        const { deadLetters, publish } = yield* VideoJobQueue
        const job = jobOf({ models: [model] })
        yield* publish(job, terms)
        const worker = yield* startWorker({ model, concurrency: 1, name: "w" })
        yield* deadLetters(1).pipe(
          Effect.repeat({ until: (letters) => letters.length === 1, schedule: Schedule.spaced("20 millis") }),
          Effect.timeout("60 seconds")
        )
        expect(yield* deadLetters(1)).toMatchObject([{ jobId: job.jobId, model }])
        expect((yield* deadLetters(1))[0]?.reason).toContain("the segment cannot be read")
        expect(worker.statistics().failed).toBe(20)
      }).pipe(Effect.provide(Layer.mergeAll(embedded, installed, layerMediaWorkers({ workers: 1 })))),
    120_000
  )

  it.scopedLive("says so when its model is not installed", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(WorkerModels.layerInstalled(ModelId.make("absent"))))
      expect(error.message).toBe("model absent: is not installed")
    }).pipe(Effect.provide(layerCatalogue))
  )

  it.scopedLive("finishes what it has begun when it is to end, and gives back what takes longer than its grace", () =>
    Effect.gen(function* () {
      const { consume, publish } = yield* VideoJobQueue
      const jobs = [0, 1].map(() => jobOf({ models: [model] }))
      const got = yield* followAll(jobs.map(({ cameraId }) => cameraId))
      const gate = yield* Deferred.make<void>()
      const begun: Array<string> = []
      const scope = yield* Scope.make()
      yield* startWorkerWith({ model, concurrency: 2, name: "w", grace: "300 millis" }, ({ job }) =>
        Effect.sync(() => begun.push(job.jobId)).pipe(
          Effect.zipRight(job.jobId === jobs[0]?.jobId ? Deferred.await(gate) : Effect.never),
          Effect.as([])
        )
      ).pipe(Scope.extend(scope))
      for (const job of jobs) yield* publish(job, terms)
      yield* until(() => begun.length === 2)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      yield* until(() => got.length === 1)
      expect(got[0]?.jobId).toBe(jobs[0]?.jobId)
      const { take } = yield* consume({ model })
      const delivery = yield* take.pipe(Effect.timeout(sharing.acknowledgementTime / 2))
      expect(delivery.job.jobId).toBe(jobs[1]?.jobId)
    }).pipe(Effect.provide(Layer.merge(embedded, installed)))
  )

  const share = Effect.gen(function* () {
    const { deadLetters, publish } = yield* VideoJobQueue
    const cameras = Array.from({ length: 8 }, anyCameraId)
    const got = yield* followAll(cameras)
    const log: Array<{ readonly what: "began" | "ended"; readonly delivery: VideoJobDelivery }> = []
    const join = (name: string) => startWorkerWith({ model, concurrency: 4, name, grace: 0 }, slowly(log, 40))
    for (const name of ["a", "b"]) yield* join(name)
    const leaving = yield* Scope.make()
    yield* Scope.extend(join("leaves"), leaving)
    const rounds = 12
    for (let sequence = 0; sequence < rounds; sequence++) {
      for (const cameraId of cameras) yield* publish(jobOf({ cameraId, models: [model], sequence }), terms)
      if (sequence === 4) yield* Scope.close(leaving, Exit.void)
    }
    yield* until(() => got.length === rounds * cameras.length)
    expect(yield* deadLetters(10)).toEqual([])
    for (const cameraId of cameras) {
      const sequences = got.filter((result) => result.cameraId === cameraId).map(({ segmentSequence }) => segmentSequence)
      expect(sequences).toEqual(Array.from({ length: rounds }, (_, index) => index))
      let inFlight = 0
      for (const { what } of log.filter(({ delivery }) => delivery.job.cameraId === cameraId)) {
        inFlight += what === "began" ? 1 : -1
        expect(inFlight).toBeLessThanOrEqual(1)
      }
    }
    expect(new Set(got.map(({ worker }) => worker)).size).toBeGreaterThan(1)
  })

  it.scopedLive("shares jobs with others, in the order of each camera, one at a time, though some fail and one leaves", () =>
    share.pipe(Effect.provide(Layer.merge(embedded, installed)))
  )

  const onServer = hasNatsServer ? it.scopedLive : it.scopedLive.skip
  onServer(
    "does so over JetStream too [needs nats-server]",
    () => share.pipe(Effect.provide(Layer.mergeAll(layerJobs(sharing), installed, quiet))),
    120_000
  )
})
