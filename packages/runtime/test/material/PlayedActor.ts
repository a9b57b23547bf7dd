import type { Camera } from "@vigil/core/Camera"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus, WorkerSummary } from "@vigil/core/CameraStatus"
import { Epoch } from "@vigil/core/Ids"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { StaleEpoch } from "@vigil/core/port/EventStore"
import { emptyStatistics } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import type { CameraActor } from "@vigil/runtime/camera/CameraActors"
import { makeHub } from "@vigil/runtime/hub/Hub"
import { makeLiveStream } from "@vigil/runtime/live/LiveStream"
import { now } from "@vigil/runtime/MonotonicClock"
import { DateTime, Effect, PubSub } from "effect"

/** An actor that a test plays. */
export interface Played {
  readonly actor: CameraActor
  state: CameraState
  revision: number
  mediaRestarts: number
  fps: number
  /** Its fiber has stopped turning. */
  hung: boolean
  restarts: number
  retired: boolean
  summary: WorkerSummary | undefined
  readonly fence: (epoch: number) => void
}

export const streaming: CameraState = { _tag: "Streaming", since: wallTime(0) }

/** The state of an actor whose source was refused that many times in a row. */
export const refused = (failures: number, tag: "BackingOff" | "Failed" = "BackingOff"): CameraState => ({
  _tag: tag,
  since: wallTime(Date.now() + failures),
  failure: { reason: tag === "Failed" ? "unauthorized" : "unreachable", detail: `attempt ${failures}` },
  failures,
  retryAt: wallTime(Date.now() + 60_000)
})

export const play = (camera: Camera, epoch = 1): Played => {
  const hub = makeHub()
  let stale: StaleEpoch | undefined
  const stopped = now()
  const status = (): CameraStatus => ({
    cameraId: camera.id,
    state: played.state,
    node: "here",
    epoch: Epoch.make(epoch),
    revision: played.revision,
    source: { ...emptyStatistics, framesPerSecond: played.fps },
    pipeline: {
      framesDecoded: 0,
      framesDropped: 0,
      framesSkipped: 0,
      inferences: 0,
      inferencesDropped: 0,
      detections: 0,
      events: 0,
      segments: 0
    },
    viewers: 0,
    updatedAt: DateTime.unsafeNow()
  })
  const played: Played = {
    state: streaming,
    revision: 1,
    mediaRestarts: 0,
    fps: 15,
    hung: false,
    restarts: 0,
    retired: false,
    summary: undefined,
    fence: (by) => {
      stale = new StaleEpoch({ cameraId: camera.id, epoch: Epoch.make(epoch), current: Epoch.make(by) })
    },
    actor: {
      id: camera.id,
      tenantId: camera.tenantId,
      epoch: Epoch.make(epoch),
      hub,
      live: makeLiveStream(hub),
      overlays: Effect.runSync(PubSub.sliding(1)),
      pulse: () => ({
        state: played.state,
        revision: played.revision,
        reacted: played.hung ? stopped : now(),
        mediaRestarts: played.mediaRestarts
      }),
      status,
      supervised: (summary) => {
        played.summary = summary
      },
      snapshot: new NoPicture({ cameraId: camera.id, detail: "played" }),
      requestKeyframe: Effect.never,
      configure: () => Effect.void,
      follow: Effect.void,
      followModels: Effect.void,
      beat: () => undefined,
      restart: Effect.sync(() => {
        played.restarts++
      }),
      fenced: () => stale,
      shard: "default:1",
      retire: Effect.sync(() => {
        played.retired = true
      })
    }
  }
  return played
}
