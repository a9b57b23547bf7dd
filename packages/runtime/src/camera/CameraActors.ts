import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import type { Overlay } from "@vigil/core/Overlay"
import type { NoKeyframe, NoPicture } from "@vigil/core/port/CameraControl"
import type { StaleEpoch } from "@vigil/core/port/EventStore"
import type { KeyframeMethod } from "@vigil/core/Source"
import type { Effect, PubSub } from "effect"
import { Context, Layer } from "effect"
import type { Hub } from "../hub/Hub.js"
import type { LiveStream } from "../live/LiveStream.js"

/** One running camera, as the rest of its node sees it. */
export interface CameraActor {
  readonly id: CameraId
  readonly hub: Hub
  readonly live: LiveStream
  readonly status: () => CameraStatus
  readonly overlays: PubSub.PubSub<Overlay>
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  /** Asks the camera for a key frame now. */
  readonly requestKeyframe: Effect.Effect<KeyframeMethod, NoKeyframe>
  /** Applies a new revision; only what changed is restarted. */
  readonly configure: (camera: Camera) => Effect.Effect<void>
  /** Closes the source and opens it again at once. */
  readonly restart: Effect.Effect<void>
  /** Fails when a newer actor of the camera writes; this one has to end then. */
  readonly fenced: Effect.Effect<never, StaleEpoch>
}

/** The cameras whose actors run in this process, kept by the actors' own scopes. */
export class CameraActors extends Context.Tag("@vigil/runtime/CameraActors")<CameraActors, Map<CameraId, CameraActor>>() {
  static readonly layer = Layer.sync(CameraActors, () => new Map<CameraId, CameraActor>())
}
