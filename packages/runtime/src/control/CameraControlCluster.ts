import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import { CameraControl, CameraNotRunning } from "@vigil/core/port/CameraControl"
import { Duration, Effect, Layer, Schedule, Stream } from "effect"
import { CameraActors } from "../camera/CameraActors.js"
import { answeredWithin, type Undelivered } from "./AnsweredWithin.js"
import { CameraStatuses } from "./CameraStatuses.js"
import { OverlayRelay } from "./OverlayRelay.js"
import { CameraPlacement } from "../placement/CameraPlacement.js"

/** How long a camera's node may take; a node that died is replaced sooner than that. */
const limits = {
  status: Duration.seconds(3),
  keyframe: Duration.seconds(3),
  restart: Duration.seconds(5),
  snapshot: Duration.seconds(10)
} as const

/** How often watchers look at what nodes told. */
const watchInterval = Duration.millis(250)
/** Seconds that a camera may run nowhere until its overlays end: a move takes less. */
const farewell = 10

/** The statuses that are other objects than the round before. */
const changed = (statuses: ReadonlyArray<CameraStatus>, known: Map<CameraId, CameraStatus>): ReadonlyArray<CameraStatus> =>
  statuses.filter((status) => {
    const before = known.get(status.cameraId)
    if (before === status || (before !== undefined && before.epoch > status.epoch)) return false
    known.set(status.cameraId, status)
    return true
  })

const make = Effect.gen(function* () {
  const here = yield* CameraControl
  const actors = yield* CameraActors
  const client = yield* (yield* CameraPlacement).entity.client
  const all = yield* CameraStatuses
  const relay = yield* OverlayRelay

  const statuses = Effect.sync(all.all)

  /** Completes once the camera has run nowhere for some time. */
  const gone = (id: CameraId) => {
    let missing = 0
    return Effect.sync(() => {
      missing = all.get(id) === undefined ? missing + 1 : 0
      return missing
    }).pipe(Effect.delay("1 second"), Effect.repeat({ until: (seconds: number) => seconds >= farewell }))
  }

  /** Asks this node's own actor, or the entity wherever it is. */
  const ask = <A, E, R>(
    id: CameraId,
    limit: Duration.Duration,
    own: (id: CameraId) => Effect.Effect<A, E, R>,
    other: (camera: ReturnType<typeof client>) => Effect.Effect<A, E | Undelivered, R>
  ) =>
    Effect.suspend(
      (): Effect.Effect<A, E | CameraNotRunning, R> =>
        actors.has(id) ? own(id) : answeredWithin(limit, () => new CameraNotRunning({ cameraId: id }))(other(client(id)))
    )

  return CameraControl.of({
    status: (id) => ask(id, limits.status, here.status, (camera) => camera.Status()),
    statuses,
    watch: Stream.suspend(() => {
      const known = new Map<CameraId, CameraStatus>()
      return Stream.repeatEffectWithSchedule(statuses, Schedule.spaced(watchInterval)).pipe(
        Stream.mapConcat((now) => changed(now, known))
      )
    }),
    overlays: (id) =>
      Stream.unwrapScoped(
        Effect.gen(function* () {
          if (all.get(id) === undefined) return yield* new CameraNotRunning({ cameraId: id })
          return Stream.interruptWhen(Stream.fromQueue(yield* relay.follow(id)), gone(id))
        })
      ),
    snapshot: (id) => ask(id, limits.snapshot, here.snapshot, (camera) => camera.Snapshot()),
    requestKeyframe: (id) => ask(id, limits.keyframe, here.requestKeyframe, (camera) => camera.RequestKeyframe()),
    restart: (id) => ask(id, limits.restart, here.restart, (camera) => camera.Restart()),
    probe: here.probe
  })
})

/**
 * The cameras of all nodes. Needs the `CameraControl` of this node alone: its own cameras are asked without the cluster, and probes are made from here.
 */
export const layer = Layer.effect(CameraControl, make)
