import type { Camera } from "@vigil/core/Camera"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus, WorkerSummary } from "@vigil/core/CameraStatus"
import type { CameraId, Epoch, TenantId } from "@vigil/core/Ids"
import type { Overlay } from "@vigil/core/Overlay"
import type { NoKeyframe, NoPicture } from "@vigil/core/port/CameraControl"
import type { StaleEpoch } from "@vigil/core/port/EventStore"
import type { KeyframeMethod } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"
import type { PubSub } from "effect"
import { Context, Effect, Layer, Schedule } from "effect"
import type { Hub } from "../hub/Hub.js"
import type { LiveStream } from "../live/LiveStream.js"
import { makeRounds } from "../Rounds.js"

/** What an actor tells cheaply: it is asked once a second. */
export interface CameraPulse {
  readonly state: CameraState
  /** The configuration that it runs. */
  readonly revision: number
  /** When its fiber last came around, about once a second, every five where the camera is switched off: an actor whose fiber hangs or has died shows here only. */
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
  /** Applies what holds for the camera's detector by now; nothing where it runs that. */
  readonly followModels: Effect.Effect<void>
  /** Has its fiber come around. */
  readonly beat: () => void
  /** Why it ends by itself: a newer actor of the camera writes. */
  readonly fenced: () => StaleEpoch | undefined
  /** The shard of the entity that it belongs to. */
  readonly shard: string
  /** Ends the actor from within its node; returns when nothing of it is left. */
  readonly retire: Effect.Effect<void>
}

/** Every actor comes around once a second, a part of them at a time: thousands must not all keep the event loop. */
const turns = { every: "50 millis", aSecond: 20 } as const

/** The cameras whose actors run in this process, kept by the actors' own scopes; it is what has them come around. */
export class CameraActors extends Context.Tag("@vigil/runtime/CameraActors")<CameraActors, Map<CameraId, CameraActor>>() {
  static readonly layer = Layer.scoped(
    CameraActors,
    Effect.gen(function* () {
      const actors = new Map<CameraId, CameraActor>()
      const next = makeRounds(() => actors.values(), turns.aSecond)
      yield* Effect.sync(() => {
        for (const actor of next()) actor.beat()
      }).pipe(Effect.schedule(Schedule.spaced(turns.every)), Effect.forkScoped)
      return actors
    })
  )
}
