import { describe, expect, it } from "@effect/vitest"
import type { Camera, CameraPatch, DetectionSettings } from "@vigil/core/Camera"
import { Zone } from "@vigil/core/geometry/Zone"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { layerVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import { layerVideoJobResultsMemory } from "@vigil/core/memory/VideoJobResultsMemory"
import type { InferenceObservation } from "@vigil/core/Observation"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { VideoJobResult } from "@vigil/core/VideoJobResult"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import { readSegmentFile } from "@vigil/runtime/jobs/segment/SegmentReader"
import { now } from "@vigil/runtime/MonotonicClock"
import { Effect, Either, Layer, Logger, LogLevel, PubSub, Schedule, Schema, Stream } from "effect"
import { picture } from "../material/AccessUnits.js"
import { layerNoModels, layerSources, layerWorkers, type RecordedDecoder, scriptedSources } from "../material/FakeMedia.js"

const model = ModelId.make("yolox-nano")

const ports = Layer.mergeAll(
  layerCameraStoreMemory,
  layerEventStoreMemory,
  layerBusMemory,
  layerNoModels,
  layerVideoJobQueueMemory({ acknowledgementTime: 2000, retryDelay: 20, deliveries: 3 }),
  layerVideoJobResultsMemory,
  CameraActors.layer
).pipe(Layer.provideMerge(Logger.minimumLogLevel(LogLevel.None)))

const masks = [new Zone({ name: "window", polygon: [0, 1, 2].map((at) => ({ x: at === 1 ? 1 : 0, y: at === 2 ? 1 : 0 })) })]

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("5 millis") }))

/** Every fifth picture, as a detector at three frames a second takes them: the six of a segment fit what overlays keep for a viewer. */
const due = (index: number) => index % 5 === 0

const timeOf = (index: number) => picture(index).mediaTime

const detection = (placement: "local" | "queue", gate: DetectionSettings["gate"] = "always"): DetectionSettings => ({
  model,
  framesPerSecond: 3,
  gate,
  placement
})

/** A worker that sees a person on every due picture. */
const answerJobs = Effect.gen(function* () {
  const queue = yield* VideoJobQueue
  const results = yield* VideoJobResults
  const { take } = yield* queue.consume({ model })
  const sequences: Array<number> = []
  yield* take.pipe(
    Effect.flatMap(({ ack, job }) =>
      Effect.gen(function* () {
        const { pictures } = Either.getOrThrow(readSegmentFile(job.videoSegment))
        sequences.push(job.segmentSequence)
        const { cameraId, customerId, jobId, segmentSequence } = job
        const frames = pictures
          .filter((_, index) => due(index))
          .map(({ mediaTime }) => ({
            mediaTime,
            wallTime: picture(0).wallTime,
            size: { width: 640, height: 480 },
            detections: [{ label: "person", confidence: 0.9, box: { x: 10, y: 10, width: 50, height: 90 } }]
          }))
        yield* results.publish(
          new VideoJobResult({ jobId, customerId, cameraId, segmentSequence, model, frames, worker: "test", took: 1 })
        )
        yield* ack
      })
    ),
    Effect.forever,
    Effect.forkScoped
  )
  return sequences
})

const setting = (settings: DetectionSettings) =>
  Effect.gen(function* () {
    const script = scriptedSources()
    script.track = { ...script.track, parameterSets: [Uint8Array.of(0x67, 0x42, 0, 0x1e), Uint8Array.of(0x68, 1)] }
    const decoders: Array<RecordedDecoder> = []
    const store = yield* CameraStore
    const input = yield* Schema.decode(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live", detection: settings })
    let camera: Camera = yield* store.create(defaultTenant, { ...input, segment: { duration: 2, overlap: 0 } })
    const media = Layer.mergeAll(layerSources(script), layerWorkers(decoders))
    const actor = yield* Effect.provide(makeCameraActor(camera, "here", "default:1"), media)
    const overlays: Array<number> = []
    yield* Stream.fromQueue(yield* PubSub.subscribe(actor.overlays)).pipe(
      Stream.runForEach(({ mediaTime }) => Effect.sync(() => overlays.push(mediaTime))),
      Effect.forkScoped
    )
    yield* until(() => script.opened.length === 1 && decoders.length === 1)

    const detectsLocally = () => (decoders[0]?.demands.at(-1)?.detectors.length ?? 0) > 0
    const observe = (index: number) => {
      const { mediaTime, received, wallClockOrigin, wallTime } = picture(index)
      const observation: InferenceObservation = {
        _tag: "Inference",
        frame: { frame: index, size: { width: 640, height: 480 }, mediaTime, wallTime, wallClockOrigin, received },
        model,
        detections: [],
        queued: 0,
        ran: 0
      }
      decoders[0]?.listener.onObservation(observation)
    }
    /** Pictures from..to; a local detector sees the due ones wherever it is asked to. */
    const send = (from: number, to: number, local: boolean) =>
      Effect.gen(function* () {
        for (let index = from; index < to; index++) {
          script.opened[0]?.send(picture(index, { received: now() }))
          if (local && due(index)) observe(index)
          // Viewers' overlays may be lost when they come all at once.
          yield* Effect.sleep("1 millis")
        }
      })
    const patch = (next: CameraPatch) =>
      Effect.gen(function* () {
        camera = yield* store.update(defaultTenant, camera.id, next)
        yield* actor.configure(camera)
      })
    const change = (next: DetectionSettings) => patch({ detection: next })
    return {
      patch,
      actor,
      script,
      decoders,
      overlays,
      send,
      change,
      detectsLocally
    }
  })

const test = <E>(
  name: string,
  body: () => Effect.Effect<void, E, Layer.Layer.Success<typeof ports> | import("effect").Scope.Scope>
) => it.scopedLive(name, () => body().pipe(Effect.provide(ports)), 15_000)

const dueTimes = (count: number) =>
  Array.from({ length: count }, (_, index) => index)
    .filter(due)
    .map(timeOf)

describe("DetectionPlacement", () => {
  test("switches between this node and the queue without a gap, a doubled frame, another epoch or another connection", () =>
    Effect.gen(function* () {
      const sequences = yield* answerJobs
      const { actor, change, overlays, script, send } = yield* setting(detection("local"))
      const { epoch } = actor.status()
      yield* send(0, 40, true)
      yield* change(detection("queue"))
      // The node goes on until the segment that is open ends (at 60), and the workers take over there.
      yield* send(40, 160, true)
      yield* until(() => overlays.length === dueTimes(150).length)
      yield* change(detection("local"))
      yield* send(160, 240, true)
      yield* until(() => overlays.length === dueTimes(240).length)
      expect(overlays).toEqual(dueTimes(240))
      // Segments of two seconds from 60 to 180: the one that was open when it was switched is the last.
      expect(sequences).toEqual([2, 3, 4, 5])
      expect(actor.status().epoch).toBe(epoch)
      expect(script.opened).toHaveLength(1)
      expect(script.opened[0]?.closed).toBe(false)
      expect(actor.status().pipeline.jobs).toMatchObject({ published: 4, answered: 4, late: 0, lost: 0, outstanding: 0 })
    }))

  test("sends nothing more from the moment that the camera has a privacy mask, not even the open segment", () =>
    Effect.gen(function* () {
      const sequences = yield* answerJobs
      const { actor, decoders, patch, send } = yield* setting(detection("queue"))
      // Segments of two seconds; the third is open.
      yield* send(0, 80, false)
      yield* until(() => sequences.length === 2)
      yield* patch({ masks })
      expect(decoders[0]?.demands.at(-1)?.masks).toEqual(masks)
      yield* send(80, 200, true)
      yield* until(() => actor.status().pipeline.segments > 5)
      expect(sequences).toHaveLength(2)
      expect(actor.status().pipeline.jobs).toMatchObject({ published: 2 })
      yield* patch({ masks: [] })
      yield* send(200, 300, true)
      yield* until(() => sequences.length > 2)
    }))

  test("recalls what waits for workers when a privacy mask is drawn", () =>
    Effect.gen(function* () {
      const { patch, send } = yield* setting(detection("queue"))
      const { depth } = yield* VideoJobQueue
      const waiting = Effect.map(depth, (all) => all.reduce((sum, { waiting: count }) => sum + count, 0))
      yield* send(0, 80, false)
      yield* Effect.repeat(waiting, { until: (count) => count === 2, schedule: Schedule.spaced("5 millis") })
      yield* patch({ masks })
      yield* Effect.repeat(waiting, { until: (count) => count === 0, schedule: Schedule.spaced("5 millis") })
    }))

  test("stops this node's detector while workers look, and starts it as soon as it is wanted back", () =>
    Effect.gen(function* () {
      yield* answerJobs
      const { change, decoders, send } = yield* setting(detection("queue"))
      yield* send(0, 40, false)
      const before = decoders[0]?.demands.length ?? 0
      yield* change(detection("local"))
      yield* until(() => (decoders[0]?.demands.length ?? 0) > before)
      expect(decoders).toHaveLength(1)
    }))

  test("sends only segments in which something moved, where the detector has a motion gate", () =>
    Effect.gen(function* () {
      const sequences = yield* answerJobs
      const { actor, decoders, send } = yield* setting(detection("queue", "motion"))
      expect(decoders[0]?.demands.at(-1)?.luma).toBeDefined()
      yield* send(0, 65, false)
      const { mediaTime, received, wallClockOrigin, wallTime } = picture(65)
      decoders[0]?.listener.onObservation({
        _tag: "Luma",
        frame: { frame: 65, size: { width: 640, height: 480 }, mediaTime, wallTime, wallClockOrigin, received },
        mean: 100,
        deviation: 30,
        sharpness: 50,
        edgesKept: 1,
        difference: 0.1,
        motion: { area: 0.1, regions: [{ x: 0, y: 0, width: 10, height: 10 }], settled: true }
      })
      yield* send(65, 250, false)
      yield* until(() => actor.status().pipeline.jobs?.skipped === 6)
      yield* until(() => sequences.length === 2)
      // It moved at 4.3 s, and is looked at for three seconds more.
      expect(sequences).toEqual([2, 3])
    }))

  test("says that no worker answers", () =>
    Effect.gen(function* () {
      const results = yield* VideoJobResults
      const impatient = VideoJobResults.of({ ...results, limit: 0 })
      const { actor, send } = yield* Effect.provideService(setting(detection("queue")), VideoJobResults, impatient)
      expect(actor.status().detectorProblem).toBeUndefined()
      yield* send(0, 220, false)
      yield* until(() => (actor.status().pipeline.jobs?.lost ?? 0) > 2)
      expect(actor.status().detectorProblem).toMatchObject({
        model,
        reason: "unanswered",
        detail: expect.stringMatching(/vigil worker --model yolox-nano.*jobs dead list/)
      })
    }))

  test("counts a result that comes too late, and one that comes again", () =>
    Effect.gen(function* () {
      const results = yield* VideoJobResults
      const queue = yield* VideoJobQueue
      const { actor, overlays, send } = yield* setting(detection("queue"))
      const { take } = yield* queue.consume({ model })
      yield* send(0, 70, false)
      const [first, second] = [yield* Effect.tap(take, ({ ack }) => ack), yield* Effect.tap(take, ({ ack }) => ack)]
      const answer = (delivery: typeof first, worker: string, mediaTimes: ReadonlyArray<number>, id = delivery.job.jobId) => {
        const { cameraId, customerId, segmentSequence } = delivery.job
        const frames = mediaTimes.map((at) => ({
          mediaTime: timeOf(at),
          wallTime: picture(at).wallTime,
          size: { width: 640, height: 480 },
          detections: []
        }))
        return results.publish(
          new VideoJobResult({ jobId: id, customerId, cameraId, segmentSequence, model, frames, worker, took: 1 })
        )
      }
      yield* answer(second, "b", [30, 33])
      yield* until(() => overlays.length === 2)
      yield* answer(first, "a", [0, 3])
      yield* until(() => actor.status().pipeline.jobs?.late === 1)
      expect(overlays).toEqual([timeOf(30), timeOf(33)])
      expect(actor.status().pipeline.jobs).toMatchObject({ answered: 1, lost: 1, late: 1, outstanding: 0 })
    }))
})
