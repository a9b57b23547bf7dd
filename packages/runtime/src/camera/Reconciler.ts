import { Sharding } from "@effect/cluster"
import type { Camera } from "@vigil/core/Camera"
import type { CameraId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PlacementStore } from "@vigil/core/port/PlacementStore"
import { Duration, Effect, Layer, Metric, Queue, Stream } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { CameraPlacement } from "../placement/CameraPlacement.js"
import { HostedCameras, type RefusedCamera } from "../placement/HostedCameras.js"
import { NodeMonitor } from "../placement/NodeMonitor.js"
import { type CameraActor, CameraActors } from "./CameraActors.js"
import { differenceOf } from "./DesiredState.js"

/** Rounds between two hints, of the stores or of shards that came; a hint that was lost costs no more than this. */
const interval = Duration.seconds(2)
/** The store's hints are sure to come within seconds; this is for the day they are not. Milliseconds. */
const readInterval = 60_000
/** At first every round reads: whoever has just begun to listen may have missed a hint. */
const listeningAfter = 10_000
/** Reading again and again, while thousands of cameras are changed one by one, must not be all that a node does: it rests this many times as long. */
const restForRead = 4
/** Milliseconds. */
const longestRest = 1000
/** A call that hangs must not stop the round: the next one repeats it. */
const callTimeout = Duration.seconds(10)
const concurrency = 32
/** Cameras that are read in full at a time. */
const page = 500

const refusedCameras = Metric.gauge("vigil_placement_refused_cameras", {
  description: "Cameras that this node should run and refuses"
})

const isSame = (a: ReadonlyMap<CameraId, RefusedCamera>, b: ReadonlyMap<CameraId, RefusedCamera>): boolean =>
  a.size === b.size && [...a].every(([id, { reason }]) => b.get(id)?.reason === reason)

/**
 * Makes the cameras of this node run as the store says: each round compares what should run here with what does, and calls the
 * entities that differ. What runs is read from the actors themselves, never from what an earlier round did: a shard can be lost and regained
 * between two rounds. A camera that the node has no room for is refused, for all to see, until it has or another node takes it. The store is read only
 * after it said that something changed: a round in between asks nobody.
 */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const store = yield* CameraStore
    const places = yield* PlacementStore
    const sharding = yield* Sharding.Sharding
    const cluster = yield* ClusterNode
    const actors = yield* CameraActors
    const placement = yield* CameraPlacement
    const hosted = yield* HostedCameras
    const monitor = yield* NodeMonitor
    const client = yield* placement.entity.client
    let isStale = true
    let readAt = 0
    /** Milliseconds until the next round, however many hints there are. */
    let rest = 0
    const listening = performance.now() + listeningAfter
    /** What the store knows of this node's refusals; unknown at first, when those of the node's last run are still there. */
    let recorded: ReadonlyMap<CameraId, RefusedCamera> | undefined

    const compare = () =>
      differenceOf({
        desired: hosted.desired,
        actors,
        sharding,
        group: placement.group,
        held: hosted.held,
        refusal: monitor.admission()
      })

    const read = Effect.gen(function* () {
      const now = performance.now()
      rest = 0
      if (!isStale && now > listening && now - readAt < readInterval) return
      isStale = false
      const outlines = yield* Effect.tapError(store.outlines, () =>
        Effect.sync(() => {
          isStale = true
        })
      )
      readAt = performance.now()
      rest = Math.min(longestRest, restForRead * (readAt - now))
      hosted.desired = new Map(outlines.map((outline) => [outline.id, outline]))
    }).pipe(
      Effect.catchAllCause((cause) =>
        Effect.logWarning("the desired state of the cameras could not be read; trying again", cause)
      )
    )

    const ensure = (camera: Camera) =>
      client(camera.id)
        .Ensure({ camera })
        .pipe(
          Effect.timeout(callTimeout),
          Effect.catchAllCause((cause) =>
            Effect.logWarning(`camera ${camera.id} could not be brought to its desired state`, cause)
          )
        )

    const retire = (actor: CameraActor) =>
      actor.retire.pipe(
        Effect.timeout(callTimeout),
        Effect.catchTag("TimeoutException", () => Effect.logWarning(`camera ${actor.id} does not end here; trying again`))
      )

    /** Cameras that are placed on a node that is not there any more are this node's now, also when that one comes back. */
    const takeOver = (cameras: ReadonlyArray<CameraId>) =>
      Effect.gen(function* () {
        const byNode = new Map<NodeName, Array<CameraId>>()
        for (const id of cameras) {
          const node = placement.override(id)?.node
          if (node !== undefined && node !== cluster.name) byNode.set(node, [...(byNode.get(node) ?? []), id])
        }
        yield* Effect.forEach(byNode, ([node, ids]) => places.withdraw(ids, node), { discard: true })
      })

    const start = Effect.gen(function* () {
      // Where they are placed may have changed just now: two nodes must not start one.
      yield* placement.refresh
      const { outdated, refused } = compare()
      yield* takeOver(outdated)
      const accepted = outdated.filter((id) => placement.refusals().has(id))
      for (let first = 0; first < outdated.length; first += page) {
        const cameras = yield* store.some(outdated.slice(first, first + page))
        yield* Effect.forEach(cameras, ensure, { concurrency, discard: true })
      }
      yield* places.accept(accepted.filter((id) => actors.has(id)))
      return refused
    })

    const record = (refused: ReadonlyMap<CameraId, RefusedCamera>) =>
      Effect.gen(function* () {
        hosted.refused = refused
        yield* Metric.set(refusedCameras, refused.size)
        if (recorded !== undefined && isSame(recorded, refused)) return
        const list = [...refused].map(([cameraId, { reason }]) => ({ cameraId, reason }))
        yield* places.refuse(cluster.name, list)
        if (list.length > 0) yield* Effect.logWarning(`${list.length} cameras are refused: ${list[0]?.reason}`)
        recorded = refused
      })

    const round = Effect.gen(function* () {
      yield* read
      const { outdated, refused, surplus } = compare()
      yield* Effect.forEach(surplus, retire, { concurrency, discard: true })
      yield* record(outdated.length > 0 ? yield* start : refused)
    }).pipe(
      Effect.catchAllCause((cause) =>
        Effect.logWarning("cameras could not be brought to their desired state; trying again", cause)
      )
    )

    const hints = yield* Queue.sliding<void>(1)
    const storeChanged = Effect.sync(() => {
      isStale = true
    })
    yield* Stream.tap(store.changes, () => storeChanged).pipe(
      Stream.merge(cluster.changes),
      Stream.merge(placement.changes),
      Stream.merge(hosted.changes),
      Stream.runForEach(() => Queue.offer(hints, undefined)),
      Effect.forkScoped
    )
    const pause = Effect.suspend(() => Effect.sleep(rest)).pipe(
      Effect.zipRight(Effect.race(Queue.take(hints), Effect.sleep(interval)))
    )
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(round, pause)))
  })
)
