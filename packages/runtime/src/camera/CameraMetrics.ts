import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraId } from "@vigil/core/Ids"
import { Effect, Layer, Metric, Schedule } from "effect"
import { MediaWorkers } from "../media/MediaWorkers.js"
import { CameraActors } from "./CameraActors.js"

/** How often the cameras' own counts are carried over: nothing is measured per frame. */
const interval = "5 seconds"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

type Count = (status: CameraStatus) => number

/** Sums over all cameras of this node that ever ran. */
const counters: ReadonlyArray<readonly [Metric.Metric.Counter<number>, Count]> = [
  [counter("vigil_source_received_bytes", "Bytes of media that came from cameras"), ({ source }) => source.bytes],
  [counter("vigil_source_packets", "RTP packets that came from cameras"), ({ source }) => source.packets],
  [counter("vigil_source_lost_packets", "RTP packets of cameras that never came"), ({ source }) => source.packetsLost],
  [counter("vigil_source_damaged_access_units", "Coded pictures with missing bytes"), ({ source }) => source.damagedAccessUnits],
  [counter("vigil_frames_decoded", "Frames decoded"), ({ pipeline }) => pipeline.framesDecoded],
  [
    counter("vigil_frames_dropped", "Coded pictures not decoded because a decoder was behind or waited for a key frame"),
    ({ pipeline }) => pipeline.framesDropped
  ],
  [counter("vigil_frames_skipped", "Frames passed over on purpose"), ({ pipeline }) => pipeline.framesSkipped],
  [counter("vigil_inferences", "Frames that a model looked at"), ({ pipeline }) => pipeline.inferences],
  [
    counter("vigil_inferences_dropped", "Frames replaced by a newer one before a model was free"),
    ({ pipeline }) => pipeline.inferencesDropped
  ],
  [counter("vigil_detections", "Objects detected"), ({ pipeline }) => pipeline.detections],
  [counter("vigil_events", "Events stored"), ({ pipeline }) => pipeline.events],
  [counter("vigil_segments", "Segments closed"), ({ pipeline }) => pipeline.segments]
]

const states: ReadonlyArray<CameraState["_tag"]> = ["Disabled", "Connecting", "Streaming", "Stalled", "BackingOff", "Failed"]

const cameras = Metric.gauge("vigil_cameras", { description: "Cameras of this node by state" })
const warned = Metric.gauge("vigil_cameras_below_model_requirements", {
  description: "Cameras of this node whose streams do not give their detector or their analytics what these need"
})
const blind = Metric.gauge("vigil_cameras_without_detector", {
  description: "Cameras of this node that want a detector and have none"
})
const workerMemory = Metric.gauge("vigil_media_worker_memory_bytes", { description: "Resident memory of all media workers" })
const workerProcesses = Metric.gauge("vigil_media_workers", { description: "Media worker processes" })

/** What a camera counted since it was last looked at; an actor that started anew counts from zero. */
const increase = (now: number, before: number | undefined) => (before === undefined || now < before ? now : now - before)

/** Carries the counts of cameras and media workers over to the metrics. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const actors = yield* CameraActors
    const workers = yield* MediaWorkers
    const known = new Map<CameraId, ReadonlyArray<number>>()

    const carry = Effect.gen(function* () {
      const statuses = [...actors.values()].map((actor) => actor.status())
      const grown = counters.map(() => 0)
      for (const status of statuses) {
        const now = counters.map(([, count]) => count(status))
        const before = known.get(status.cameraId)
        known.set(status.cameraId, now)
        for (const [index, count] of now.entries()) grown[index] = (grown[index] ?? 0) + increase(count, before?.[index])
      }
      yield* Effect.forEach(counters, ([metric], index) => Metric.incrementBy(metric, grown[index] ?? 0), { discard: true })
      for (const id of known.keys()) if (!actors.has(id)) known.delete(id)
      for (const state of states) {
        const count = statuses.filter((status) => status.state._tag === state).length
        yield* Metric.set(Metric.tagged(cameras, "state", state), count)
      }
      yield* Metric.set(
        warned,
        statuses.filter((status) => (status.modelWarnings ?? status.analyticWarnings) !== undefined).length
      )
      yield* Metric.set(blind, statuses.filter(({ detectorProblem }) => detectorProblem !== undefined).length)
      const processes = yield* workers.health
      yield* Metric.set(workerProcesses, processes.length)
      yield* Metric.set(
        workerMemory,
        processes.reduce((sum, { memory }) => sum + memory, 0)
      )
    })

    yield* carry.pipe(Effect.repeat(Schedule.spaced(interval)), Effect.forkScoped)
  })
)
