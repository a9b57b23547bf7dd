import { Entity } from "@effect/cluster"
import { Rpc } from "@effect/rpc"
import type { Camera } from "@vigil/core/Camera"
import { CameraEntity } from "@vigil/core/contract/CameraEntity"
import { CameraId } from "@vigil/core/Ids"
import { CameraNotRunning } from "@vigil/core/port/CameraControl"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { Publications } from "@vigil/core/port/Publications"
import { Duration, Effect, Exit, Scope } from "effect"
import { type CameraActor, CameraActors } from "./CameraActors.js"
import { makeCameraActor } from "./CameraActorLive.js"

/** One actor in a scope of its own, so that `Stop` ends the actor and leaves the entity. */
interface Running {
  readonly actor: CameraActor
  readonly scope: Scope.CloseableScope
}

const behaviour = Effect.gen(function* () {
  const address = yield* Entity.CurrentAddress
  const runner = yield* Entity.CurrentRunnerAddress
  const id = CameraId.make(address.entityId)
  const entityScope = yield* Effect.scope
  const views = yield* LiveViews
  const publications = yield* Publications
  const actors = yield* CameraActors
  /** A camera ends before it starts anew. */
  const turn = yield* Effect.makeSemaphore(1)
  let running: Running | undefined

  const stop = Effect.suspend(() => {
    const ended = running
    running = undefined
    return ended === undefined ? Effect.void : Scope.close(ended.scope, Exit.void)
    // Interrupted half way, by the entity's own end, the rest of what the actor has would never be closed.
  }).pipe(Effect.uninterruptible, turn.withPermits(1))

  const start = (camera: Camera) =>
    Effect.gen(function* () {
      // It was placed elsewhere and back, or its shard changed, and the entity of then still has its actor.
      yield* actors.get(id)?.retire ?? Effect.void
      const scope = yield* Scope.fork(entityScope, entityScope.strategy)
      const actor = yield* makeCameraActor(camera, runner.host, address.shardId.toString(), stop).pipe(
        Scope.extend(scope),
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      running = { actor, scope }
    }).pipe(turn.withPermits(1))

  const withActor = <A, E, R>(use: (actor: CameraActor) => Effect.Effect<A, E, R>) =>
    Effect.suspend(
      (): Effect.Effect<A, E | CameraNotRunning, R> =>
        running === undefined ? new CameraNotRunning({ cameraId: id }) : use(running.actor)
    )

  return CameraEntity.of({
    Ensure: ({ payload }) =>
      Effect.suspend(() => (running === undefined ? start(payload.camera) : running.actor.configure(payload.camera))),
    Stop: () => stop,
    Status: () => withActor((actor) => Effect.sync(actor.status)),
    Restart: () => withActor((actor) => Effect.as(actor.restart, actor.status())),
    // What waits for a worker or a network keeps no other call of the camera waiting.
    Snapshot: () => Rpc.fork(withActor((actor) => actor.snapshot)),
    RequestKeyframe: () => withActor((actor) => actor.requestKeyframe),
    OpenView: ({ payload }) => Rpc.fork(views.open(id, payload.offer)),
    CloseView: ({ payload }) => Rpc.fork(views.close(id, payload.viewId)),
    OpenPublication: ({ payload }) => Rpc.fork(publications.open(id, payload.offer)),
    ClosePublication: ({ payload }) => Rpc.fork(publications.close(id, payload.publicationId)),
    ClosePublications: () => Rpc.fork(publications.closeAll(id))
  })
})

/**
 * The cameras of this runner, the live views (`LiveViews`) that this node serves of them, and the streams that are pushed to them (`Publications`). An
 * entity lives until its shard moves or the runner ends; a defect in one call does not replay for ever, since the reconciler repeats what matters.
 */
export const layer = CameraEntity.toLayer(behaviour, {
  maxIdleTime: Duration.infinity,
  concurrency: 1,
  disableFatalDefects: true
})
