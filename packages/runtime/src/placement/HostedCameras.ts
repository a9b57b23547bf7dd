import type { CameraId } from "@vigil/core/Ids"
import type { CameraOutline } from "@vigil/core/port/CameraStore"
import { Context, Effect, Layer, PubSub, Stream } from "effect"

/** A camera that this node should run and does not. */
export interface RefusedCamera {
  readonly camera: CameraOutline
  readonly reason: string
}

/** What the reconciler and the balancer of this node know of each other. */
export class HostedCameras extends Context.Tag("@vigil/runtime/HostedCameras")<
  HostedCameras,
  {
    /** All cameras that there should be, on whichever node, as they were read last. */
    desired: ReadonlyMap<CameraId, CameraOutline>
    /** Cameras that the reconciler refuses to start here. */
    refused: ReadonlyMap<CameraId, RefusedCamera>
    /** Cameras on their way to another node: they are not started here meanwhile. */
    readonly held: Set<CameraId>
    /** Makes the reconciler look again. */
    readonly tell: Effect.Effect<void>
    readonly changes: Stream.Stream<void>
  }
>() {
  static readonly layer = Layer.effect(
    HostedCameras,
    Effect.map(PubSub.sliding<void>(1), (told) => ({
      desired: new Map(),
      refused: new Map(),
      held: new Set<CameraId>(),
      tell: Effect.asVoid(PubSub.publish(told, undefined)),
      changes: Stream.fromPubSub(told)
    }))
  )
}
