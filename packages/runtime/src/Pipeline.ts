import type { AnalyticInput } from "@vigil/core/Analytic"
import type { Camera } from "@vigil/core/Camera"
import type { PipelineStatistics } from "@vigil/core/CameraStatus"
import type { EventDraft } from "@vigil/core/EventPipeline"
import type { Epoch } from "@vigil/core/Ids"
import type { SourceDescription, VideoTrack } from "@vigil/core/MediaTrack"
import type { InferenceObservation, Observation } from "@vigil/core/Observation"
import type { Overlay } from "@vigil/core/Overlay"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import type { Priority } from "@vigil/core/Priority"
import type { AccessUnitSink } from "@vigil/core/Source"
import { initialTracker, stepTracker } from "@vigil/core/Tracker"
import { Effect, Either, Exit, Option, PubSub, Scope } from "effect"
import { type RunningAnalytic, startAnalytic } from "./analytics/Analytics.js"
import { makeCaptureLatency } from "./camera/CaptureLatency.js"
import { demandOf } from "./camera/Demand.js"
import { eventOf } from "./camera/Events.js"
import { makeEventWriter } from "./camera/EventWriter.js"
import { makeSegmenter } from "./camera/Segmenter.js"
import { type Hub, makeHub } from "./hub/Hub.js"
import { makeTimeline } from "./hub/Timeline.js"
import { type LiveStream, makeLiveStream } from "./live/LiveStream.js"
import { type CameraDecoder, MediaWorkers } from "./media/MediaWorkers.js"

/** The way of one camera's frames, from its source to its events. */
export interface Pipeline {
  readonly hub: Hub
  readonly live: LiveStream
  readonly overlays: PubSub.PubSub<Overlay>
  /** A source was opened: its access units follow. Opens a decoder when the codec is another than before. */
  readonly begin: (description: SourceDescription) => Effect.Effect<void>
  readonly sink: AccessUnitSink
  /** Applies changed zones, analytics, segments and detection without touching the source. */
  readonly configure: (camera: Camera) => Effect.Effect<void>
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  readonly statistics: () => PipelineStatistics
  readonly fenced: Effect.Effect.Success<ReturnType<typeof makeEventWriter>>["fenced"]
}

const sameTrack = (a: VideoTrack | undefined, b: VideoTrack): boolean =>
  a !== undefined && a.codec === b.codec && a.width === b.width && a.height === b.height

/**
 * ```
 * source -> sink -> timeline -> hub -+-> live views
 *                                    +-> segmenter -> segments
 *                                    +-> decoder (media worker) -> luma ------------------> analytics -> event pipeline -> writer -> store, bus
 *                                                               -> detections -> tracker -> analytics, overlays
 * ```
 * Everything below the sink is plain calls; fibers only open, close and write.
 */
export const makePipeline = (first: Camera, epoch: Epoch) =>
  Effect.gen(function* () {
    const workers = yield* MediaWorkers
    const models = yield* ModelCatalogue
    const scope = yield* Effect.scope
    const writer = yield* makeEventWriter(first.id, epoch)
    const overlays = yield* PubSub.sliding<Overlay>(8)
    const hub = makeHub()
    const live = makeLiveStream(hub)
    const timeline = makeTimeline()
    const segmenter = makeSegmenter(first.id, epoch, first.segment)
    const latency = makeCaptureLatency()

    let camera = first
    let analytics: ReadonlyArray<RunningAnalytic> = []
    let tracker = initialTracker
    let decoder: { readonly decoder: CameraDecoder; readonly track: VideoTrack; readonly scope: Scope.CloseableScope } | undefined
    let detections = 0

    const announce = (priority: Priority, drafts: ReadonlyArray<EventDraft>) => {
      for (const draft of drafts) writer.write(eventOf(camera, epoch, priority, draft))
    }

    const analyse = (input: AnalyticInput) => {
      for (const analytic of analytics) announce(analytic.priority, analytic.step(input))
    }

    const onInference = ({ detections: found, frame }: InferenceObservation) => {
      detections += found.length
      latency.add(frame)
      const [next, tracks] = stepTracker(tracker, { at: frame.mediaTime, size: frame.size, detections: found })
      tracker = next
      const { mediaTime, size, wallTime } = frame
      overlays.unsafeOffer({
        cameraId: camera.id,
        mediaTime,
        wallTime,
        size,
        tracks: tracks.filter(({ state }) => state === "confirmed")
      })
      analyse({ _tag: "Tracks", mediaTime, wallTime, size, tracks })
    }

    const onObservation = (observation: Observation) => {
      if (observation._tag === "Luma") analyse({ _tag: "Luma", observation })
      else onInference(observation)
    }

    const detector = Effect.suspend(() =>
      camera.detection.model === undefined
        ? models.preferred("objects")
        : Effect.map(models.installed(camera.detection.model), Option.some)
    ).pipe(
      Effect.tapError((error) => Effect.logWarning("the camera runs without its detector", error)),
      Effect.orElseSucceed(Option.none),
      Effect.map(Option.getOrUndefined)
    )
    const demand = Effect.map(detector, (model) => demandOf(analytics, camera.detection, model))

    const closeDecoder = Effect.suspend(() => {
      const closed = decoder
      decoder = undefined
      return closed === undefined ? Effect.void : Scope.close(closed.scope, Exit.void)
    })

    const openDecoder = (track: VideoTrack) =>
      Effect.gen(function* () {
        yield* closeDecoder
        const decoderScope = yield* Scope.fork(scope, scope.strategy)
        const opened = yield* workers
          .openDecoder(camera.id, track, yield* demand, { onObservation })
          .pipe(Scope.extend(decoderScope))
        decoder = { decoder: opened, track, scope: decoderScope }
      })

    const configure = (next: Camera) =>
      Effect.gen(function* () {
        camera = next
        segmenter.configure(next.segment)
        const context = { zones: next.zones, lines: next.lines }
        const [refused, started] = partition(next.analytics.map((assignment) => startAnalytic(assignment, context)))
        analytics = started
        yield* Effect.forEach(refused, (error) => Effect.logError("an analytic is not running", error), { discard: true })
        const wanted = yield* demand
        decoder?.decoder.configure(wanted)
      })

    hub.subscribe({ onAccessUnit: (unit) => (unit.kind === "video" ? decoder?.decoder.push(unit) : undefined) }, "now")
    hub.subscribe(segmenter, "now")
    yield* configure(first)

    return {
      hub,
      live,
      overlays,
      begin: (description) =>
        Effect.gen(function* () {
          timeline.restart()
          const track = description.tracks.find((candidate) => candidate.kind === "video")
          if (track !== undefined && !sameTrack(decoder?.track, track)) yield* openDecoder(track)
          hub.describe(description)
        }),
      sink: (unit) => hub.publish(timeline.place(unit)),
      configure,
      snapshot: Effect.suspend(() =>
        decoder === undefined
          ? new NoPicture({ cameraId: camera.id, detail: "its source has not been open yet" })
          : decoder.decoder.snapshot
      ),
      statistics: () => {
        const decoding = decoder?.decoder.statistics()
        return {
          framesDecoded: decoding?.decoded ?? 0,
          framesDropped: decoding?.dropped ?? 0,
          framesSkipped: decoding?.skipped ?? 0,
          inferences: decoding?.inferences ?? 0,
          inferencesDropped: decoding?.inferencesDropped ?? 0,
          detections,
          events: writer.written(),
          segments: segmenter.closed(),
          ...latency.statistics()
        }
      },
      fenced: writer.fenced
    } satisfies Pipeline
  })

const partition = <A, E>(results: ReadonlyArray<Either.Either<A, E>>): readonly [ReadonlyArray<E>, ReadonlyArray<A>] => [
  results.flatMap((result) => (Either.isLeft(result) ? [result.left] : [])),
  results.flatMap((result) => (Either.isRight(result) ? [result.right] : []))
]
