import { ManagerId } from "@vigil/core/CameraManager"
import { defaultSupervisionPolicy, type SupervisionAction, type SupervisionPolicy } from "@vigil/core/CameraSupervision"
import type { CameraId } from "@vigil/core/Ids"
import type { MonotonicTime } from "@vigil/core/Time"
import { Effect, Layer, Metric, Schedule } from "effect"
import { type CameraActor, CameraActors } from "../camera/CameraActors.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { now as monotonicNow } from "../MonotonicClock.js"
import { makeAnnouncer } from "./Announcer.js"
import { CameraManager } from "./CameraManager.js"
import { makeRuntimeWriter } from "./RuntimeWriter.js"
import { beginWatching, continueWatching, farewell, leave, look, refresh, type WatchedCamera } from "./WatchedCamera.js"

/** Times in milliseconds. */
interface ManagerOptions {
  readonly policy: SupervisionPolicy
  /** Between two looks at all cameras. */
  readonly lookEvery: number
  /** Between two heartbeats of this node where nothing changes. */
  readonly beatEvery: number
  /** Between two heartbeats of a camera on the bus. */
  readonly announceEvery: number
  /** In which an actor must come around, which is due once a second; after that it counts as hung. */
  readonly reactsWithin: number
}

const defaultOptions: ManagerOptions = {
  policy: defaultSupervisionPolicy,
  lookEvery: 1_000,
  beatEvery: 5_000,
  announceEvery: 30_000,
  reactsWithin: 15_000
}

/** Milliseconds that the errors of a camera that has left are remembered: two nodes that fight over it must not each begin at one. */
const remembered = 600_000
/** Milliseconds between two looks beyond which this process itself stood still: its actors had no chance to react either. */
const attention = 5_000

/** Cameras that are looked at before the event loop has its turn. */
const atOnce = 500

const breathe = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const errors = counter("vigil_camera_errors", "Errors of cameras' workers that the camera manager counted")
const restarts = counter("vigil_camera_restarts", "Cameras that the camera manager restarted after an error")
const alerts = counter("vigil_camera_alerts", "Cameras that the camera manager gave up on until somebody looks")
const alerting = Metric.gauge("vigil_cameras_alerting", { description: "Cameras of this node that need a person" })

const make = (options: ManagerOptions) =>
  Effect.gen(function* () {
    const actors = yield* CameraActors
    const { cluster, name, shards } = yield* ClusterNode
    const writer = yield* makeRuntimeWriter({ id: ManagerId.make(crypto.randomUUID()), cluster, node: name }, options.beatEvery)
    const announcer = yield* makeAnnouncer(options.announceEvery)
    const watched = new Map<CameraId, WatchedCamera>()
    let lastLook = monotonicNow()

    const summarise = (camera: WatchedCamera) => {
      const { alert, errorCount, healthStatus, lastError } = camera.report
      camera.actor.supervised({ health: healthStatus, errorCount, lastError, alert })
    }

    const keep = (before: WatchedCamera | undefined, after: WatchedCamera) => {
      if (before === after) return
      watched.set(after.actor.id, after)
      if (before?.report !== after.report) summarise(after)
    }

    const perform = (camera: WatchedCamera, action: SupervisionAction): Effect.Effect<void> => {
      if (action._tag === "Restart") {
        if (camera.goneAt !== undefined) return Effect.void
        return Effect.logInfo("the camera is restarted after an error").pipe(
          Effect.zipRight(Metric.increment(restarts)),
          Effect.zipRight(camera.actor.restart)
        )
      }
      announcer.note(camera, action)
      if (action._tag === "ReportRecovery") return Effect.logInfo("the camera runs well again")
      if (!action.alert) return Metric.increment(errors)
      return Effect.logError(`the camera needs a person, after ${action.errorCount} errors: ${action.error}`).pipe(
        Effect.zipRight(Metric.increment(errors)),
        Effect.zipRight(Metric.increment(alerts))
      )
    }

    const performAll = (camera: WatchedCamera, actions: ReadonlyArray<SupervisionAction>) =>
      Effect.forEach(actions, (action) => perform(camera, action), { discard: true }).pipe(
        Effect.annotateLogs({ camera: camera.actor.id })
      )

    /** What is left to be told of an actor that is not listed any more: where a newer one took over, that is an error. */
    const close = (camera: WatchedCamera, now: MonotonicTime) => {
      const [after, actions] = farewell(camera, now, options.policy)
      keep(camera, after)
      return Effect.as(performAll(after, actions), after)
    }

    const meet = (actor: CameraActor, known: WatchedCamera | undefined, now: MonotonicTime) =>
      Effect.gen(function* () {
        const before = known === undefined ? undefined : yield* close(known, now)
        const after = before === undefined ? beginWatching(actor, name, now) : continueWatching(before, actor, name)
        keep(before, after)
        return after
      })

    const part = (camera: WatchedCamera, now: MonotonicTime) =>
      Effect.gen(function* () {
        const { id } = camera.actor
        if (camera.goneAt === undefined) watched.set(id, leave(yield* close(camera, now), now))
        else if (now - camera.goneAt >= remembered) {
          watched.delete(id)
          announcer.forget(id)
        }
      })

    const round = Effect.gen(function* () {
      const now = monotonicNow()
      const reactsWithin = now - lastLook < attention ? options.reactsWithin : Number.POSITIVE_INFINITY
      lastLook = now
      let looked = 0
      for (const actor of actors.values()) {
        if (++looked % atOnce === 0) yield* breathe
        const known = watched.get(actor.id)
        const before = known?.actor === actor ? known : yield* meet(actor, known, now)
        const [after, actions] = look(before, now, reactsWithin, options.policy)
        keep(before, after)
        if (actions.length > 0) yield* performAll(after, actions)
      }
      for (const camera of watched.values()) if (actors.get(camera.actor.id) !== camera.actor) yield* part(camera, now)
      yield* Metric.set(alerting, status().alerts)
    })

    const here = () => [...watched.values()].filter(({ goneAt }) => goneAt === undefined)

    const status = () => {
      const working = here().filter(({ report }) => report.workerStatus !== "stopped")
      return {
        workers: working.length,
        alerts: working.filter(({ report }) => report.alert).length,
        written: writer.written()
      }
    }

    const announce = Effect.suspend(() => announcer.announce(here(), monotonicNow())).pipe(
      Effect.map((messages) => {
        for (const { cameraId, healthInfo } of messages) {
          const before = watched.get(cameraId)
          if (before !== undefined) keep(before, refresh(before, healthInfo))
        }
      })
    )

    /** An actor that is over and has not noticed: it must not go on beside the newer one. */
    const retire = (id: CameraId) => {
      const camera = watched.get(id)
      if (camera === undefined || camera.goneAt !== undefined) return Effect.void
      return Effect.logWarning("the runtime table refuses this actor's row: a newer one runs the camera, or it was removed").pipe(
        Effect.zipRight(camera.actor.retire),
        Effect.annotateLogs({ camera: id })
      )
    }

    const write = Effect.suspend(() => {
      // A node without cameras and shards manages nothing, and must not look as if it did.
      if (watched.size === 0 && shards() === 0) return Effect.void
      const refused = writer.write([...watched.values()].map(({ report }) => report))
      return Effect.flatMap(refused, Effect.forEach(retire, { discard: true }))
    })

    // Apart from each other: a table or a bus that is away must not keep the errors of cameras from being seen.
    for (const work of [round, write, announce]) {
      yield* work.pipe(Effect.repeat(Schedule.spaced(options.lookEvery)), Effect.forkScoped)
    }
    return CameraManager.of({ status })
  })

/**
 * This node's camera manager: watches the cameras that run here, restarts those that fail and calls for a person where that does not help, keeps
 * their rows of the runtime table, and tells the bus.
 */
export const layerWith = (options: Partial<ManagerOptions>) =>
  Layer.scoped(CameraManager, make({ ...defaultOptions, ...options }))

export const layer = layerWith({})
