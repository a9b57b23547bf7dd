import { describe, expect, it } from "@effect/vitest"
import { defaultTenant } from "@vigil/core/Ids"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { videoJobLanes } from "@vigil/core/VideoJob"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Chunk, Effect, Fiber, Layer, Logger, LogLevel, Option, Schedule, Stream } from "effect"
import { layerJobs, layerJobsAt } from "../material/JobServer.js"
import { anyCameraId, anyModel, jobOf, resultOf, terms } from "../material/VideoJobs.js"
import { conformanceSettings, videoJobConformance } from "./VideoJobConformance.js"

const quiet = Logger.minimumLogLevel(LogLevel.None)

const manager = Effect.flatMap(Nats, ({ connection }) => Effect.promise(() => connection.jetstreamManager()))

/** Chunks of objects that the server holds. */
const objectChunks = Effect.flatMap(manager, (jsm) =>
  Effect.promise(async () => {
    const { state } = await jsm.streams.info("OBJ_jobs-test-video-segments", {
      subjects_filter: "$O.jobs-test-video-segments.C.>"
    })
    return Object.keys(state.subjects ?? {}).length
  })
)

const eventually = <E, R>(look: Effect.Effect<boolean, E, R>) =>
  look.pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("60 seconds")
  )

const jobsTest = <A, E>(
  name: string,
  layer: Layer.Layer<VideoJobQueue | VideoJobResults | Nats, unknown>,
  body: Effect.Effect<A, E, VideoJobQueue | VideoJobResults | Nats | import("effect").Scope.Scope>
) => it.scopedLive(name, () => body.pipe(Effect.provide(Layer.merge(layer, quiet))), 30_000)

describe.skipIf(!hasNatsServer)("VideoJobs on JetStream [needs nats-server]", () => {
  videoJobConformance("JetStream", layerJobs(conformanceSettings))

  jobsTest(
    "sends large segments by the object store, within the server's limit on messages, and removes them when they are done",
    layerJobs({}, { maxPayload: 64 * 1024 }),
    Effect.gen(function* () {
      const queue = yield* VideoJobQueue
      const model = anyModel()
      const segment = Uint8Array.from({ length: 700_000 }, (_, index) => index % 251)
      const job = jobOf({ models: [model], segment })
      yield* queue.publish(job, terms)
      yield* queue.publish(jobOf({ models: [model], segment: segment.subarray(0, 50_000) }), terms)
      expect(yield* objectChunks).toBe(1)
      const { take } = yield* queue.consume({ model })
      const deliveries = [yield* take, yield* take]
      const large = deliveries.find(({ job: taken }) => taken.jobId === job.jobId)
      expect(Buffer.compare(large?.job.videoSegment ?? new Uint8Array(0), segment)).toBe(0)
      for (const { ack } of deliveries) yield* ack
      yield* eventually(Effect.map(objectChunks, (count) => count === 0))
    })
  )

  jobsTest(
    "keeps the object of a job that failed, and removes that of one that was given up",
    layerJobs({ inlineBytes: 1000, deliveries: 2 }),
    Effect.gen(function* () {
      const queue = yield* VideoJobQueue
      const model = anyModel()
      yield* queue.publish(jobOf({ models: [model], segment: new Uint8Array(5000).fill(7) }), terms)
      const { take } = yield* queue.consume({ model })
      yield* Effect.flatMap(take, ({ nak }) => nak("first"))
      expect(yield* objectChunks).toBe(1)
      const again = yield* take
      expect(again.job.videoSegment).toHaveLength(5000)
      yield* again.nak("second")
      yield* eventually(Effect.map(objectChunks, (count) => count === 0))
      expect(yield* queue.deadLetters(1)).toMatchObject([{ model, reason: "second", deliveries: 2 }])
      yield* queue.publish(jobOf({ models: [model], segment: new Uint8Array(5000).fill(7) }), terms)
      expect(yield* objectChunks).toBe(1)
      expect(yield* queue.erase(defaultTenant, () => true)).toBe(2)
      expect(yield* objectChunks).toBe(0)
      expect(yield* queue.deadLetters(1)).toEqual([])
    })
  )

  jobsTest(
    "bounds what a group without workers takes on the disk: the oldest jobs go, and others go on",
    layerJobs({ maxBytes: 1024 * 1024, inlineBytes: 200_000 }),
    Effect.gen(function* () {
      const queue = yield* VideoJobQueue
      const [dead, alive] = [anyModel(), anyModel()]
      for (let sequence = 0; sequence < 30; sequence++) {
        yield* queue.publish(jobOf({ models: [dead], sequence, segment: new Uint8Array(100_000) }), terms)
      }
      const { streams } = yield* manager
      const { state } = yield* Effect.promise(() => streams.info("jobs-test-video-jobs-standard"))
      expect(state.bytes).toBeLessThanOrEqual(1024 * 1024)
      expect(state.messages).toBeGreaterThan(5)
      yield* queue.publish(jobOf({ models: [alive] }), terms)
      const { take } = yield* queue.consume({ model: alive })
      yield* Effect.flatMap(take, ({ ack }) => ack)
    })
  )

  jobsTest(
    "names everything below the cluster: another cluster on the same server sees nothing of it",
    layerJobs(),
    Effect.gen(function* () {
      const queue = yield* VideoJobQueue
      const { connection } = yield* Nats
      const model = anyModel()
      yield* queue.publish(jobOf({ models: [model], priority: "CRITICAL" }), terms)
      const { streams } = yield* manager
      const names = yield* Effect.promise(() => streams.list().next())
      const own = videoJobLanes.map((lane) => `jobs-test-video-jobs-${lane}`)
      expect(names.map(({ config }) => config.name)).toEqual(expect.arrayContaining(own))
      const url = `nats://${connection.getServer()}`
      yield* Effect.gen(function* () {
        const other = yield* VideoJobQueue
        expect(yield* other.depth).toEqual([])
        const { take } = yield* other.consume({ model })
        expect(Option.isNone(yield* Effect.timeoutOption(take, 300))).toBe(true)
      }).pipe(Effect.scoped, Effect.provide(layerJobsAt(url, {}, "another")))
    })
  )

  jobsTest(
    "says what to do where the server has no JetStream",
    layerJobs({}, { jetStream: false }),
    Effect.gen(function* () {
      const { publish } = yield* VideoJobQueue
      const error = yield* Effect.flip(publish(jobOf({ models: [anyModel()] }), terms))
      expect(error.message).toContain("JetStream must be enabled")
    })
  )

  it.scopedLive(
    "goes on over a restart of the server: no job and no result is lost, followers and workers stay",
    () =>
      Effect.gen(function* () {
        const server = yield* startNatsServer()
        yield* Effect.gen(function* () {
          const queue = yield* VideoJobQueue
          const results = yield* VideoJobResults
          const model = anyModel()
          const cameraId = anyCameraId()
          const jobs = [0, 1, 2].map((sequence) => jobOf({ cameraId, models: [model], sequence }))
          const followed = yield* results.follow(cameraId)
          const collected = yield* Effect.fork(Stream.runCollect(Stream.take(followed, 3)))
          const { take } = yield* queue.consume({ model })
          for (const job of jobs.slice(0, 2)) yield* queue.publish(job, terms)
          const first = yield* take
          yield* results.publish(resultOf(first.job, model))
          yield* first.ack
          yield* server.restart
          const patiently = { schedule: Schedule.spaced("100 millis"), times: 100 }
          for (const job of jobs.slice(2)) yield* Effect.retry(queue.publish(job, terms), patiently)
          for (const sequence of [1, 2]) {
            const delivery = yield* take
            expect(delivery.job.segmentSequence).toBe(sequence)
            yield* Effect.retry(results.publish(resultOf(delivery.job, model)), patiently)
            yield* delivery.ack
          }
          const got = Chunk.toReadonlyArray(yield* Fiber.join(collected))
          expect(got.map(({ segmentSequence }) => segmentSequence)).toEqual([0, 1, 2])
        }).pipe(Effect.scoped, Effect.provide(layerJobsAt(server.url, { acknowledgementTime: 2000 })))
      }).pipe(Effect.provide(quiet)),
    120_000
  )
})
