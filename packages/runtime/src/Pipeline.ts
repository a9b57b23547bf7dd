import type { AnalyticDescriptor, AnalyticInput } from "@vigil/core/Analytic"
import type { PipelineStatistics } from "@vigil/core/CameraStatus"
import { type DetectorProblem, unansweredByWorkers } from "@vigil/core/DetectorProblem"
import type { EventDraft } from "@vigil/core/EventPipeline"
import type { Epoch } from "@vigil/core/Ids"
import type { SourceDescription } from "@vigil/core/MediaTrack"
import type { InferenceObservation, Observation } from "@vigil/core/Observation"
import type { Overlay } from "@vigil/core/Overlay"
import type { NoPicture } from "@vigil/core/port/CameraControl"
import type { StaleEpoch } from "@vigil/core/port/EventStore"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { Priority } from "@vigil/core/Priority"
import type { AccessUnitSink } from "@vigil/core/Source"
import { initialTracker, stepTracker } from "@vigil/core/Tracker"
import { Effect, PubSub } from "effect"
import type { CameraRun } from "@vigil/core/settings/CameraSettings"
import type { RunningAnalytic } from "./analytics/Analytics.js"
import { makeAnalyticSlots } from "./camera/AnalyticSlots.js"
import { makeCaptureLatency } from "./camera/CaptureLatency.js"
import { makeDecoderSlot } from "./camera/DecoderSlot.js"
import { demandOf, detectionPriority, needsTracks } from "./camera/Demand.js"
import { makeDetectorChoice } from "./camera/DetectorChoice.js"
import { eventOf } from "./camera/Events.js"
import { makeEventWriter } from "./camera/EventWriter.js"
import { makeSegmenter } from "./camera/Segmenter.js"
import { type Hub, makeHub } from "./hub/Hub.js"
import { makeTimeline } from "./hub/Timeline.js"
import { modelKey } from "./inference/InferenceEngine.js"
import { makeDetectionPlacement, type QueuedWork } from "./jobs/DetectionPlacement.js"
import { type LiveStream, makeLiveStream } from "./live/LiveStream.js"

/** The way of one camera's frames, from its source to its events. */
export interface Pipeline {
  readonly hub: Hub
  readonly live: LiveStream
  readonly overlays: PubSub.PubSub<Overlay>
  /** A source was opened: its access units follow. */
  readonly begin: (description: SourceDescription) => Effect.Effect<void>
  readonly sink: AccessUnitSink
  /** Applies changed zones, analytics, segments, detection and buffers without touching the source, nor what stays as it is. */
  readonly configure: (run: CameraRun) => Effect.Effect<void>
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  readonly statistics: () => PipelineStatistics
  /** The detector that it runs, or has workers run. */
  readonly model: () => InstalledModel | undefined
  readonly analytics: () => ReadonlyArray<AnalyticDescriptor>
  /** Why it runs none, and has none run, where one is wanted. */
  readonly detectorProblem: () => DetectorProblem | undefined
  /** Times that the camera's media worker died or hung. */
  readonly mediaRestarts: () => number
  /** Looks which detector it should run by now, and changes to it. */
  readonly followModels: Effect.Effect<void>
}

const keyOf = (model: InstalledModel | undefined): string | undefined => model && modelKey(model.descriptor)

const nameOf = (model: InstalledModel | undefined): string =>
  model === undefined ? "none" : `${model.descriptor.id} ${model.descriptor.version}`

/**
 * ```
 * source -> sink -> timeline -> hub -+-> live views
 *                                    +-> segmenter -> segments -> VideoJobs (queue) -> workers -> results -> detections
 *                                    +-> decoder (media worker) -> luma ------------------> analytics -> event pipeline -> writer -> store, bus
 *                                                               -> detections -> tracker -> analytics, overlays
 * ```
 * Of a camera with privacy masks the decoder burns them out of each picture first: live views get its pictures coded anew, and no segment leaves as a job.
 * Everything below the sink is plain calls; fibers only open, close and write.
 */
export const makePipeline = (firstRun: CameraRun, epoch: Epoch, onFenced: (error: StaleEpoch) => void) =>
  Effect.gen(function* () {
    const first = firstRun.camera
    const choose = yield* makeDetectorChoice(first.tenantId)
    const fitAnalytics = yield* makeAnalyticSlots
    const writer = yield* makeEventWriter(first.id, epoch, onFenced)
    const overlays = yield* Effect.acquireRelease(PubSub.sliding<Overlay>(8), PubSub.shutdown)
    const hub = makeHub(firstRun.history)
    const live = makeLiveStream(hub, () => decoder.configure(currentDemand()))
    const timeline = makeTimeline()
    const segmenter = makeSegmenter(first.id, epoch, first.segment)
    const latency = makeCaptureLatency()

    let run = firstRun
    let camera = first
    let analytics: ReadonlyArray<RunningAnalytic> = []
    let descriptors: ReadonlyArray<AnalyticDescriptor> = []
    let model: InstalledModel | undefined
    let tracker = initialTracker
    let detections = 0

    const announce = (priority: Priority, drafts: ReadonlyArray<EventDraft>) => {
      for (const draft of drafts) writer.write(eventOf(camera, epoch, priority, draft))
    }

    const analyse = (input: AnalyticInput) => {
      for (const analytic of analytics) announce(analytic.priority, analytic.step(input))
    }

    const onInference = ({ detections: all, frame, model: by }: InferenceObservation) => {
      const least = run.confidences[by]
      const found = least === undefined ? all : all.filter(({ confidence }) => confidence >= least)
      detections += found.length
      latency.add(frame)
      const { mediaTime, size, wallTime } = frame
      const [next, tracks] = stepTracker(tracker, { at: mediaTime, size, detections: found })
      tracker = next
      const seen = tracks.filter(({ state }) => state === "confirmed")
      overlays.unsafeOffer({ cameraId: camera.id, mediaTime, wallTime, size, tracks: seen })
      analyse({ _tag: "Tracks", mediaTime, wallTime, size, tracks })
    }

    const onObservation = (observation: Observation) => {
      if (observation._tag === "Inference") return placement.onLocal(observation)
      placement.onLuma(observation)
      analyse({ _tag: "Luma", observation })
    }

    const decoder = yield* makeDecoderSlot(first.id, { onObservation, onLive: live.show })

    const currentDemand = () => {
      const local = placement.needsLocal() ? model : undefined
      return demandOf(analytics, run, local, placement.needsMotion(), live.needsCoding())
    }

    const placement = yield* makeDetectionPlacement({
      camera: first,
      segmenter,
      onDetections: onInference,
      onSwitch: () => decoder.configure(currentDemand())
    })

    const queuedWork = Effect.gen(function* () {
      const { framesPerSecond, gate } = camera.detection
      // A job carries the segment as the camera coded it, and masks are burnt out of pictures here.
      const isMasked = camera.masks.length > 0
      const wanted = yield* choose.queued(isMasked ? { ...camera.detection, placement: "local" } : camera.detection, model)
      if (wanted === undefined) return undefined
      const work: QueuedWork = { ...wanted, priority: detectionPriority(analytics), framesPerSecond, gate }
      return work
    })

    const findProblem = (): DetectorProblem | undefined => {
      const workers = placement.workers()
      if (workers !== undefined) return workers.answer ? undefined : unansweredByWorkers(workers.model)
      const isWanted = camera.detection.model !== undefined || needsTracks(analytics)
      return model === undefined && isWanted ? choose.problem() : undefined
    }

    const demand = Effect.gen(function* () {
      model = yield* choose.local(camera.detection)
      yield* placement.configure(yield* queuedWork, camera.masks.length > 0)
      return currentDemand()
    })

    const followModels = Effect.gen(function* () {
      const before = model
      const wanted = yield* demand
      if (keyOf(model) === keyOf(before)) return
      yield* Effect.logInfo(`the detector is now ${nameOf(model)}, after ${nameOf(before)}`)
      decoder.configure(wanted)
    })

    const configure = (next: CameraRun) =>
      Effect.gen(function* () {
        const isMaskedAnew = JSON.stringify(camera.masks) !== JSON.stringify(next.camera.masks)
        run = next
        camera = next.camera
        live.mask(camera.masks.length > 0)
        // What follows may take a while.
        if (isMaskedAnew) decoder.configure(currentDemand())
        segmenter.configure(camera.segment)
        hub.keep(next.history)
        analytics = yield* fitAnalytics(camera)
        descriptors = analytics.map(({ descriptor }) => descriptor)
        decoder.configure(yield* demand)
      })

    hub.subscribe({ onAccessUnit: decoder.push }, "now")
    hub.subscribe(segmenter, "now")
    yield* configure(firstRun)

    const pipeline: Pipeline = {
      hub,
      live,
      overlays,
      begin: (description) =>
        Effect.gen(function* () {
          timeline.restart()
          const track = description.tracks.find((candidate) => candidate.kind === "video")
          if (track !== undefined) yield* decoder.fit(track, yield* demand)
          hub.describe(description)
          if (track !== undefined) placement.describe(track)
        }),
      sink: (unit) => hub.publish(timeline.place(unit)),
      configure,
      snapshot: decoder.snapshot,
      statistics: () => {
        const { decoded, dropped, inferences, inferencesDropped, skipped } = decoder.statistics()
        const jobs = placement.statistics()
        return {
          framesDecoded: decoded,
          framesDropped: dropped,
          framesSkipped: skipped,
          inferences: inferences + placement.inferences(),
          inferencesDropped,
          detections,
          events: writer.written(),
          segments: segmenter.closed(),
          ...(jobs === undefined ? {} : { jobs }),
          ...latency.statistics()
        }
      },
      model: () => model,
      analytics: () => descriptors,
      detectorProblem: findProblem,
      mediaRestarts: () => decoder.statistics().restarts,
      followModels
    }
    return pipeline
  })
