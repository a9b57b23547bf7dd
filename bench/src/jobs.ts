import { randomUUID } from "node:crypto"
import { loadavg } from "node:os"
import { CameraId, defaultTenant, ModelId, VideoJobId } from "@vigil/core/Ids"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { VideoJob } from "@vigil/core/VideoJob"
import type { AnalysedFrame } from "@vigil/core/VideoJobResult"
import { startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { defaultJobSettings } from "@vigil/runtime/jobs/JobSettings"
import * as VideoJobQueueJetStream from "@vigil/runtime/jobs/VideoJobQueueJetStream"
import * as VideoJobResultsJetStream from "@vigil/runtime/jobs/VideoJobResultsJetStream"
import { startWorkerWith } from "@vigil/runtime/jobs/Worker"
import { WorkerModels } from "@vigil/runtime/jobs/WorkerModels"
import { yoloxNano } from "@vigil/runtime/model/descriptors/YoloxNano"
import { Nats } from "@vigil/runtime/nats/Nats"
import { DateTime, Effect, Layer, Logger, LogLevel, Stream } from "effect"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { runToEnd } from "./RunToEnd.js"

/** In turn, so that what else the machine does meets both alike. */
const rounds = 5
/** The large ones all fit into their stream, however far the publishers are ahead. */
const sizes = [
  { kilobytes: 16, jobs: 1000 },
  { kilobytes: 256, jobs: 300 }
]
const cameras = Array.from({ length: 256 }, () => CameraId.make(randomUUID()))
const model = ModelId.make("bench")
/** Jobs that a worker has at the same time, and messages that the peer's reader asks for at once. */
const concurrency = 32
const streamBytes = 256 * 1024 * 1024

/** About what a model finds in five seconds at five frames a second. */
const frames: ReadonlyArray<AnalysedFrame> = Array.from({ length: 25 }, (_, index) => ({
  mediaTime: mediaTime(index * 200_000),
  wallTime: wallTime(1_700_000_000_000 + index * 200),
  size: { width: 640, height: 480 },
  detections: [
    { label: "person", confidence: 0.87, box: { x: 120.5, y: 80.25, width: 60, height: 170 } },
    { label: "car", confidence: 0.71, box: { x: 320.5, y: 200.25, width: 140, height: 90 } }
  ]
}))

const jobOf = (index: number, segment: Uint8Array): VideoJob =>
  new VideoJob({
    jobId: VideoJobId.make(randomUUID()),
    customerId: defaultTenant,
    cameraId: cameras[index % cameras.length] ?? CameraId.make(randomUUID()),
    segmentSequence: index,
    timestamp: DateTime.unsafeMake(1_700_000_000_000),
    videoSegment: segment,
    metadata: {
      resolution: "640x480",
      bitrate: 800_000,
      duration: 5,
      frameCount: 75,
      enabledModels: [model],
      priority: "STANDARD",
      sourceQuality: { resolution: "640x480", bitrate: 800_000, fps: 15, codec: "h264" }
    }
  })

/** Jobs a second: published, taken by a worker that knows the answer at once, acknowledged, and their results back. */
const makeOurs = Effect.gen(function* () {
  const queue = yield* VideoJobQueue
  const results = yield* VideoJobResults
  let missing = 0
  let done: () => void = () => undefined
  for (const camera of cameras) {
    const own = yield* results.follow(camera)
    yield* Effect.forkScoped(
      Stream.runForEach(own, () =>
        Effect.sync(() => {
          missing--
          if (missing === 0) done()
        })
      )
    )
  }
  yield* startWorkerWith({ model, concurrency, name: "bench" }, () => Effect.succeed(frames))
  return (segment: Uint8Array, count: number): Promise<number> =>
    Effect.runPromise(
      Effect.gen(function* () {
        const jobs = Array.from({ length: count }, (_, index) => jobOf(index, segment))
        const begun = performance.now()
        missing = jobs.length
        const all = new Promise<void>((resolve) => {
          done = resolve
        })
        yield* Effect.forEach(jobs, (job) => queue.publish(job, { framesPerSecond: 5 }), { concurrency, discard: true })
        yield* Effect.promise(() => all)
        return (count / (performance.now() - begun)) * 1000
      })
    )
})

/** Nothing but JetStream: the same bytes published into a work queue on disk, and read by one durable consumer that acknowledges each. */
const makePeer = Effect.gen(function* () {
  const { connection } = yield* Nats
  const ask = (subject: string, body: unknown) =>
    Effect.promise(() => connection.request(`$JS.API.${subject}`, JSON.stringify(body)))
  yield* ask("STREAM.CREATE.plain", {
    name: "plain",
    subjects: ["plain.>"],
    retention: "workqueue",
    storage: "file",
    max_bytes: streamBytes,
    discard: "old"
  })
  yield* ask("CONSUMER.DURABLE.CREATE.plain.reader", {
    stream_name: "plain",
    config: { durable_name: "reader", ack_policy: "explicit", deliver_policy: "all", max_ack_pending: 1000 }
  })
  const js = connection.jetstream()
  let missing = 0
  let done: () => void = () => undefined
  const reader = yield* Effect.promise(() => js.consumers.get("plain", "reader"))
  yield* Effect.acquireRelease(
    Effect.promise(() =>
      reader.consume({
        max_messages: concurrency * 4,
        callback: (message) => {
          message.ack()
          missing--
          if (missing === 0) done()
        }
      })
    ),
    (messages) => Effect.promise(async () => void (await messages.close()))
  )
  return async (segment: Uint8Array, count: number): Promise<number> => {
    const begun = performance.now()
    missing = count
    const all = new Promise<void>((resolve) => {
      done = resolve
    })
    let left = count
    const publisher = async () => {
      while (left-- > 0) await js.publish(`plain.${left % cameras.length}`, segment)
    }
    await Promise.all(Array.from({ length: concurrency }, publisher))
    await all
    return (count / (performance.now() - begun)) * 1000
  }
})

const settings = { ...defaultJobSettings, partitions: concurrency, maxBytes: 128 * 1024 * 1024 }

/** A model that is never run. */
const models = Layer.succeed(WorkerModels, {
  refused: Effect.never,
  modelOf: () => Effect.succeed({ descriptor: yoloxNano, file: "" })
})

const compare = ({ jobs: count, kilobytes }: (typeof sizes)[number]) =>
  Effect.gen(function* () {
    const segment = new Uint8Array(kilobytes * 1024).fill(0x55)
    const ours = yield* makeOurs
    const peer = yield* makePeer
    yield* Effect.promise(async () => {
      await ours(segment, count)
      await peer(segment, count)
    })
    const rates = { ours: Array<number>(), peer: Array<number>() }
    for (let round = 0; round < rounds; round++) {
      rates.ours.push(yield* Effect.promise(() => ours(segment, count)))
      rates.peer.push(yield* Effect.promise(() => peer(segment, count)))
    }
    const [mine = Number.NaN, other = Number.NaN] = [percentile(rates.ours, 0.5), percentile(rates.peer, 0.5)]
    const result: BenchmarkResult = {
      name: `jobs ${kilobytes} kB`,
      ours: mine,
      peer: other,
      peerName: "JetStream publish and consume",
      ratio: mine / other,
      unit: "jobs/s"
    }
    return result
  }).pipe(Effect.scoped)

/**
 * VideoJobs a second through publish, take, result and acknowledgement (two messages that are kept for each job, and each camera's jobs one after the other)
 * beside nothing but one kept message for each job, of the same bytes, by one nats-server on loopback.
 */
export const jobs: Benchmark = {
  name: "jobs",
  run: () =>
    Effect.gen(function* () {
      const results: Array<BenchmarkResult> = []
      for (const size of sizes) {
        const { url } = yield* startNatsServer()
        const layer = Layer.merge(VideoJobQueueJetStream.layer(settings), VideoJobResultsJetStream.layer(settings)).pipe(
          Layer.provideMerge(Nats.layer({ url, cluster: "bench" })),
          Layer.merge(models),
          Layer.merge(Logger.minimumLogLevel(LogLevel.Error))
        )
        results.push(yield* compare(size).pipe(Effect.provide(layer)))
      }
      process.stderr.write(`jobs: ${rounds} rounds; load ${loadavg()[0]?.toFixed(1)}\n`)
      return results
    }).pipe(Effect.scoped, runToEnd)
}
