import type { AnalyticInput } from "@vigil/core/Analytic"
import type { AnalysisRecord, AnalysisSummary } from "@vigil/core/AnalysisRecord"
import type { Detection } from "@vigil/core/Detection"
import type { EventDraft } from "@vigil/core/EventPipeline"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { intersectionOverUnion } from "@vigil/core/geometry/BoxGeometry"
import { CameraId } from "@vigil/core/Ids"
import type { InferenceObservation, Observation } from "@vigil/core/Observation"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { type SourceConfig, SourceError } from "@vigil/core/Source"
import { displayUrl } from "@vigil/core/SourceUrl"
import { toSeconds } from "@vigil/core/Time"
import type { Track } from "@vigil/core/Track"
import { initialTracker, stepTracker } from "@vigil/core/Tracker"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import type { RunningAnalytic } from "./analytics/Analytics.js"
import { makeEarlyUnits } from "./camera/EarlyUnits.js"
import { type DecodeDemand, MediaWorkers } from "./media/MediaWorkers.js"
import { Sources } from "./source/Sources.js"

export interface AnalysisOptions {
  readonly model: InstalledModel | undefined
  readonly analytics: ReadonlyArray<RunningAnalytic>
  /** Frames a second that are looked at, at the most. */
  readonly framesPerSecond: number
  /** Seconds to watch a source that has no end; a file is read to its end all the same. */
  readonly limit?: number
}

const lossless = (options: AnalysisOptions): DecodeDemand => ({
  luma: {
    framesPerSecond: options.framesPerSecond,
    ...(options.analytics.find(({ motion }) => motion !== undefined)?.motion ?? { ignored: [], sensitivity: 0.5 })
  },
  detectors:
    options.model === undefined
      ? []
      : [
          {
            model: options.model,
            priority: "STANDARD",
            framesPerSecond: options.framesPerSecond,
            gate: "always"
          }
        ],
  masks: [],
  rate: "lossless"
})

/** The confirmed track that a detection of this very frame belongs to. */
const trackOf = (detection: Detection, tracks: ReadonlyArray<Track>, frame: InferenceObservation["frame"]): number | null => {
  const here = tracks.filter((track) => track.state === "confirmed" && track.lastSeen === frame.mediaTime)
  const overlaps = here.map((track) => [intersectionOverUnion(track.box, detection.box), track.id] as const)
  const [best] = overlaps.sort((a, b) => b[0] - a[0])
  return best !== undefined && best[0] > 0.3 ? best[1] : null
}

/** Follows objects and runs the analytics over one source's observations; reports records as they come. */
const makeInvestigation = (options: AnalysisOptions, report: (record: AnalysisRecord) => void) => {
  let tracker = initialTracker
  const confirmed = new Map<number, Track>()
  const counts = { detections: 0, events: 0, analysed: 0 }
  let size: Size | null = null
  let last = 0

  const announce = ({ best }: EventDraft) => {
    counts.events++
    report({
      type: "event",
      mediaTime: toSeconds(best.mediaTime),
      eventType: best.eventType,
      confidence: best.confidence,
      ...(best.detail === undefined ? {} : { detail: best.detail }),
      ...(best.zone === undefined ? {} : { zone: best.zone }),
      ...(best.objectClass === undefined ? {} : { label: best.objectClass }),
      ...(best.track === undefined ? {} : { track: best.track }),
      ...(best.box === undefined ? {} : { box: best.box })
    })
  }

  const analyse = (input: AnalyticInput) => {
    for (const analytic of options.analytics) for (const draft of analytic.step(input)) announce(draft)
  }

  const onInference = ({ detections, frame }: InferenceObservation) => {
    counts.analysed++
    counts.detections += detections.length
    const [next, tracks] = stepTracker(tracker, { at: frame.mediaTime, size: frame.size, detections })
    tracker = next
    for (const track of tracks) if (track.state === "confirmed") confirmed.set(track.id, track)
    for (const detection of detections) {
      report({ type: "detection", mediaTime: toSeconds(frame.mediaTime), ...detection, track: trackOf(detection, tracks, frame) })
    }
    analyse({ _tag: "Tracks", mediaTime: frame.mediaTime, wallTime: frame.wallTime, size: frame.size, tracks })
  }

  return {
    onObservation: (observation: Observation) => {
      size = observation.frame.size
      last = Math.max(last, toSeconds(observation.frame.mediaTime))
      if (observation._tag === "Luma") analyse({ _tag: "Luma", observation })
      else onInference(observation)
    },
    finish: () => {
      for (const track of confirmed.values()) {
        const { firstSeen, hits, id, label, lastSeen } = track
        report({
          type: "track",
          track: id,
          label,
          firstSeen: toSeconds(firstSeen),
          lastSeen: toSeconds(lastSeen),
          detections: hits
        })
      }
      return {
        size,
        duration: last,
        framesAnalysed: counts.analysed,
        detections: counts.detections,
        tracks: confirmed.size,
        events: counts.events
      }
    }
  }
}

/**
 * Looks at a whole file, or at a live source for some seconds: every due frame, as fast as it can be read. A source that breaks off
 * after some video gives a summary that says so; one that gives no video at all fails.
 */
export const analyse = (config: SourceConfig, options: AnalysisOptions, report: (record: AnalysisRecord) => void) =>
  Effect.gen(function* () {
    const sources = yield* Sources
    const workers = yield* MediaWorkers
    const investigation = makeInvestigation(options, report)
    const early = makeEarlyUnits()
    const open = yield* sources.open(config, early.sink)
    const track = open.description.tracks.find((candidate) => candidate.kind === "video")
    if (track === undefined) {
      return yield* new SourceError({
        reason: "unsupported",
        url: displayUrl(config.url),
        detail: "there is no video in this source"
      })
    }
    const id = CameraId.make(randomUUID())
    const decoder = yield* workers.openDecoder(id, track, lossless(options), { onObservation: investigation.onObservation })
    early.release((unit) => (unit.kind === "video" ? decoder.push(unit) : undefined))
    const limited = options.limit === undefined ? open.ended : Effect.timeoutOption(open.ended, `${options.limit} seconds`)
    const broken = yield* limited.pipe(
      Effect.as(undefined),
      Effect.catchAll((error) => Effect.succeed(error))
    )
    yield* decoder.drain
    const statistics = decoder.statistics()
    if (broken !== undefined && statistics.decoded === 0) return yield* broken
    const summary: AnalysisSummary = {
      type: "summary",
      url: displayUrl(config.url),
      framesDecoded: statistics.decoded,
      framesDropped: statistics.dropped,
      damagedAccessUnits: open.statistics().damagedAccessUnits,
      ...investigation.finish(),
      ...(broken === undefined ? {} : { ended: broken.detail })
    }
    report(summary)
    return summary
  }).pipe(Effect.scoped)
