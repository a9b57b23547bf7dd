import type { Camera } from "@vigil/core/Camera"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus, WorkerSummary } from "@vigil/core/CameraStatus"
import type { CameraId, Epoch, TenantId } from "@vigil/core/Ids"
import type { Overlay } from "@vigil/core/Overlay"
import type { NoKeyframe, NoPicture } from "@vigil/core/port/CameraControl"
import type { StaleEpoch } from "@vigil/core/port/EventStore"
import type { KeyframeMethod } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"
import type { Effect, PubSub } from "effect"
import { Context, Layer } from "effect"
import type { Hub } from "../hub/Hub.js"
import type { LiveStream } from "../live/LiveStream.js"

/** What an actor tells cheaply: it is asked once a second. */
export interface CameraPulse {
  readonly state: CameraState
  /** The configuration that it runs. */
  readonly revision: number
  /** When its fiber last came around, about once a second: an actor whose fiber hangs or has died shows here only. */
  readonly reacted: MonotonicTime
  /** Times since the actor started that a media worker of the camera died or hung. */
  readonly mediaRestarts: number
}

/** One running camera, as the rest of its node sees it. */
export interface CameraActor {
  readonly id: CameraId
  readonly tenantId: TenantId
  readonly epoch: Epoch
  readonly pulse: () => CameraPulse
  readonly hub: Hub
  readonly live: LiveStream
  readonly status: () => CameraStatus
  /** What its status is to say of its errors from now on. */
  readonly supervised: (worker: WorkerSummary) => void
  readonly overlays: PubSub.PubSub<Overlay>
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  /** Asks the camera for a key frame now. */
  readonly requestKeyframe: Effect.Effect<KeyframeMethod, NoKeyframe>
  /** Applies a new revision; only what changed is restarted. */
  readonly configure: (camera: Camera) => Effect.Effect<void>
  /** Applies what holds for the camera by now, its configuration and everybody's settings; nothing where that is what it runs with. */
  readonly follow: Effect.Effect<void>
  /** Closes the source and opens it again at once. */
  readonly restart: Effect.Effect<void>
  /** Returns when the actor has to end: it was asked to, or, with the error, a newer actor of the camera writes. */
  readonly fenced: Effect.Effect<void, StaleEpoch>
  /** The shard of the entity that it belongs to. */
  readonly shard: string
  /** Ends the actor from within its node; returns when nothing of it is left. */
  readonly retire: Effect.Effect<void>
}

/** The cameras whose actors run in this process, kept by the actors' own scopes. */
export class CameraActors extends Context.Tag("@vigil/runtime/CameraActors")<CameraActors, Map<CameraId, CameraActor>>() {
  static readonly layer = Layer.sync(CameraActors, () => new Map<CameraId, CameraActor>())
}
