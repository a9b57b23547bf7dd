import { Rpc, RpcGroup } from "@effect/rpc"
import { Schema } from "effect"
import { Camera, CameraPatch } from "../Camera.js"
import { CameraStatistics, CameraStatus } from "../CameraStatus.js"
import { CameraId } from "../Ids.js"
import { LicenceRefused } from "../Licence.js"
import { ModelError } from "../Model.js"
import { InvalidAnalytic } from "../port/AnalyticCatalogue.js"
import { CameraNotRunning, NoKeyframe, NoPicture } from "../port/CameraControl.js"
import { CameraNotFound, RevisionConflict } from "../port/CameraStore.js"
import { EdgeNotFound } from "../port/EdgeStore.js"
import { ModelUnsuitable } from "../port/ModelLibrary.js"
import { PlaceNotFound } from "../port/PlaceStore.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { InvalidSetting } from "../settings/SettingCatalogue.js"
import { KeyframeMethod, SourceError } from "../Source.js"
import { Forbidden } from "./Principal.js"
import { RpcAuthentication } from "./RpcAuthentication.js"

/** What any call that names a camera may fail with. */
export const cameraErrors = Schema.Union(CameraNotFound, StoreUnavailable, Forbidden)
/** What a change of a camera's configuration may fail with. */
const configurationErrors = Schema.Union(
  CameraNotFound,
  RevisionConflict,
  SourceError,
  InvalidAnalytic,
  InvalidSetting,
  EdgeNotFound,
  PlaceNotFound,
  LicenceRefused,
  ModelUnsuitable,
  ModelError,
  StoreUnavailable,
  Forbidden
)
const runningErrors = Schema.Union(cameraErrors, CameraNotRunning)

/**
 * Control of cameras, whichever node they run on. The same calls with the same handlers go over NATS (nodes and programs), WebSocket (dashboards and
 * the CLI, as a part of `VigilRpc`) and within a process (embedding).
 */
export class CameraRpc extends RpcGroup.make(
  /** Enables the camera. Answers what is stored: its actor follows within moments. */
  Rpc.make("StartCamera", { payload: { id: CameraId }, success: Camera, error: configurationErrors }),
  /** Disables the camera. */
  Rpc.make("StopCamera", { payload: { id: CameraId }, success: Camera, error: configurationErrors }),
  /** Closes the camera's source and opens it again. */
  Rpc.make("RestartCamera", { payload: { id: CameraId }, success: CameraStatus, error: runningErrors }),
  Rpc.make("ConfigureCamera", {
    payload: { id: CameraId, patch: CameraPatch, expectedRevision: Schema.optional(Schema.Int) },
    success: Camera,
    error: configurationErrors
  }),
  Rpc.make("CameraStatus", { payload: { id: CameraId }, success: CameraStatus, error: runningErrors }),
  Rpc.make("CameraStatistics", { payload: { id: CameraId }, success: CameraStatistics, error: runningErrors }),
  /** The newest key frame as a JPEG image. */
  Rpc.make("CameraSnapshot", {
    payload: { id: CameraId },
    success: Schema.Uint8ArrayFromBase64,
    error: Schema.Union(runningErrors, NoPicture)
  }),
  /** Asks the camera for a key frame now; answers how it was asked. */
  Rpc.make("RequestKeyframe", {
    payload: { id: CameraId },
    success: Schema.Struct({ method: KeyframeMethod }),
    error: Schema.Union(runningErrors, NoKeyframe)
  })
).middleware(RpcAuthentication) {}
