import { EntityId, Sharding } from "@effect/cluster"
import type { Camera } from "@vigil/core/Camera"
import { CameraEntity } from "@vigil/core/contract/CameraEntity"
import type { CameraId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Duration, Effect, Layer, Queue, Stream } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { CameraActors } from "./CameraActors.js"

/** Rounds between two hints, of the store or of shards that came; a hint that was lost costs no more than this. */
const interval = Duration.seconds(2)
/** A call that hangs must not stop the round: the next one repeats it. */
const callTimeout = Duration.seconds(10)

/**
 * Makes the cameras of this runner run as the store says: each round compares what should run here with what does, and calls the
 * entities that differ. What runs is read from the actors themselves, never from what an earlier round did: a shard can be lost and regained
 * between two rounds.
 */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const store = yield* CameraStore
    const sharding = yield* Sharding.Sharding
    const cluster = yield* ClusterNode
    const actors = yield* CameraActors
    const client = yield* CameraEntity.client

    const isHere = (id: CameraId) => sharding.hasShardId(sharding.getShardId(EntityId.make(id), "default"))

    const warnOf = (id: CameraId) => (cause: unknown) =>
      Effect.logWarning(`camera ${id} could not be brought to its desired state`, cause)

    const ensure = (camera: Camera) =>
      client(camera.id)
        .Ensure({ camera })
        .pipe(Effect.timeout(callTimeout), Effect.catchAllCause(warnOf(camera.id)))

    const stop = (id: CameraId) =>
      client(id)
        .Stop()
        .pipe(Effect.timeout(callTimeout), Effect.catchAllCause(warnOf(id)))

    const round = Effect.gen(function* () {
      const desired = yield* store.all
      const wanted = new Set(desired.map((camera) => camera.id))
      const outdated = desired.filter(
        (camera) => actors.get(camera.id)?.status().revision !== camera.revision && isHere(camera.id)
      )
      const deleted = [...actors.keys()].filter((id) => !wanted.has(id))
      yield* Effect.forEach(outdated, ensure, { concurrency: 32, discard: true })
      yield* Effect.forEach(deleted, stop, { concurrency: 32, discard: true })
    }).pipe(
      Effect.catchAllCause((cause) =>
        Effect.logWarning("the desired state of the cameras could not be read; trying again", cause)
      )
    )

    const hints = yield* Queue.sliding<void>(1)
    yield* Stream.merge(store.changes, cluster.changes).pipe(
      Stream.runForEach(() => Queue.offer(hints, undefined)),
      Effect.forkScoped
    )
    yield* round.pipe(Effect.zipRight(Effect.race(Queue.take(hints), Effect.sleep(interval))), Effect.forever, Effect.forkScoped)
  })
)
