import { type Camera, NewCamera } from "@vigil/core/Camera"
import { newRecord } from "@vigil/core/CameraRecord"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import { layerPlacementStoreMemory } from "@vigil/core/memory/PlacementStoreMemory"
import { NodeName } from "@vigil/core/Node"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as CameraControlLive from "@vigil/runtime/camera/CameraControlLive"
import { ClusterNode } from "@vigil/runtime/cluster/ClusterNode"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as CameraControlCluster from "@vigil/runtime/control/CameraControlCluster"
import { CameraStatuses } from "@vigil/runtime/control/CameraStatuses"
import { OverlayRelay } from "@vigil/runtime/control/OverlayRelay"
import { Nats } from "@vigil/runtime/nats/Nats"
import { CameraPlacement } from "@vigil/runtime/placement/CameraPlacement"
import { Context, DateTime, Effect, Either, ExecutionStrategy, Exit, Layer, Schema, Scope, Stream } from "effect"
import { layerSources, scriptedSources } from "./FakeMedia.js"
import { play, type Played } from "./PlayedActor.js"

export const makeCamera = (): Camera =>
  Either.getOrThrow(
    newRecord(
      defaultTenant,
      CameraId.make(crypto.randomUUID()),
      Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" }),
      DateTime.unsafeNow()
    )
  ).camera

/** What a node knows of the cameras of all, with actors of its own that the test plays. */
export interface ControlNode {
  readonly statuses: typeof CameraStatuses.Service
  readonly relay: typeof OverlayRelay.Service
  readonly control: typeof CameraControl.Service
  readonly nats: typeof Nats.Service
  /** The camera runs here from now on. */
  readonly run: (camera: Camera, epoch: number) => Played
  /** It does no more. */
  readonly stop: (camera: Camera) => void
  /** Ends as a node should. */
  readonly close: Effect.Effect<void>
}

const layerNamed = (name: NodeName) =>
  Layer.succeed(
    ClusterNode,
    ClusterNode.of({
      cluster: "test",
      name,
      members: () => [],
      shards: () => 0,
      shardsPerGroup: 1,
      changes: Stream.empty,
      drain: new NodeUnavailable({ node: name, detail: "played" }),
      resume: Effect.void,
      draining: () => false
    })
  )

export const startNode = (url: string, text: string): Effect.Effect<ControlNode, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const name = NodeName.make(text)
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const layer = CameraControlCluster.layer.pipe(
      Layer.provide(CameraControlLive.layer),
      Layer.provideMerge(Layer.merge(CameraStatuses.layer, OverlayRelay.layer)),
      Layer.provide(CameraPlacement.layer.pipe(Layer.provide(layerPlacementStoreMemory))),
      Layer.provideMerge(layerNamed(name)),
      Layer.provide(EmbeddedCluster.layer),
      Layer.provide(layerSources(scriptedSources())),
      Layer.provideMerge(Layer.merge(CameraActors.layer, Nats.layer({ url, cluster: "test" })))
    )
    const context = yield* Layer.buildWithScope(layer, scope)
    const actors = Context.get(context, CameraActors)
    return {
      statuses: Context.get(context, CameraStatuses),
      relay: Context.get(context, OverlayRelay),
      control: Context.get(context, CameraControl),
      nats: Context.get(context, Nats),
      run: (camera, epoch) => {
        const played = play(camera, epoch)
        actors.set(camera.id, { ...played.actor, status: () => ({ ...played.actor.status(), node: name }) })
        return played
      },
      stop: (camera) => void actors.delete(camera.id),
      close: Scope.close(scope, Exit.void)
    }
  })
