import { Context, Schema } from "effect"
import type { Effect, Stream } from "effect"
import type { CameraStatus } from "../CameraStatus.js"
import { CameraId } from "../Ids.js"
import type { Overlay } from "../Overlay.js"
import type { ProbeReport } from "../Probe.js"
import type { KeyframeMethod, SourceConfig, SourceError } from "../Source.js"

/** The camera has no running actor: it is disabled, was just added, or its node is gone. */
export class CameraNotRunning extends Schema.TaggedError<CameraNotRunning>()("CameraNotRunning", { cameraId: CameraId }) {
  override get message() {
    return `camera ${this.cameraId} is not running: enable it, or wait for its actor to start`
  }
}

/** The camera's actor is there, but has no picture to give yet. */
export class NoPicture extends Schema.TaggedError<NoPicture>()("NoPicture", { cameraId: CameraId, detail: Schema.String }) {
  override get message() {
    return `camera ${this.cameraId} has no picture: ${this.detail}`
  }
}

/** The camera cannot be asked for a key frame: `unsupported` by its stream, or `not-connected` just now. */
export class NoKeyframe extends Schema.TaggedError<NoKeyframe>()("NoKeyframe", {
  cameraId: CameraId,
  reason: Schema.Literal("unsupported", "not-connected"),
  detail: Schema.String
}) {
  override get message() {
    return `camera ${this.cameraId} cannot be asked for a key frame: ${this.detail}`
  }
}

/** The running cameras, wherever they run. Tenants are checked by the caller. */
export class CameraControl extends Context.Tag("@vigil/core/CameraControl")<
  CameraControl,
  {
    readonly status: (id: CameraId) => Effect.Effect<CameraStatus, CameraNotRunning>
    readonly statuses: Effect.Effect<ReadonlyArray<CameraStatus>>
    /** The status of each camera now, and again whenever it changed, at most once a second per camera. Goes on while cameras move between nodes. */
    readonly watch: Stream.Stream<CameraStatus>
    /** Tracks of the camera's analysed frames as they come; ends when the camera runs nowhere any more. */
    readonly overlays: (id: CameraId) => Stream.Stream<Overlay, CameraNotRunning>
    /** The newest key frame as a JPEG image. */
    readonly snapshot: (id: CameraId) => Effect.Effect<Uint8Array, CameraNotRunning | NoPicture>
    /** Asks the camera for a key frame now. */
    readonly requestKeyframe: (id: CameraId) => Effect.Effect<KeyframeMethod, CameraNotRunning | NoKeyframe>
    /** Closes the camera's source and opens it again. */
    readonly restart: (id: CameraId) => Effect.Effect<CameraStatus, CameraNotRunning>
    /** Opens a source and watches it for some seconds. */
    readonly probe: (config: SourceConfig, seconds: number) => Effect.Effect<ProbeReport, SourceError>
  }
>() {}
