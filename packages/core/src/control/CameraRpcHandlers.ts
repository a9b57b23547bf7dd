import { CameraRpc } from "../contract/CameraRpc.js"
import {
  cameraSnapshot,
  cameraStatistics,
  cameraStatus,
  configureCamera,
  requestKeyframe,
  restartCamera
} from "./CameraCommands.js"

/** The calls of `CameraRpc`, the same ones on every transport; `RpcAuthentication` is the transport's own. */
export const layerCameraRpc = CameraRpc.toLayer({
  StartCamera: ({ id }) => configureCamera(id, { enabled: true }),
  StopCamera: ({ id }) => configureCamera(id, { enabled: false }),
  RestartCamera: ({ id }) => restartCamera(id),
  ConfigureCamera: ({ expectedRevision, id, patch }) => configureCamera(id, patch, expectedRevision),
  CameraStatus: ({ id }) => cameraStatus(id),
  CameraStatistics: ({ id }) => cameraStatistics(id),
  CameraSnapshot: ({ id }) => cameraSnapshot(id),
  RequestKeyframe: ({ id }) => requestKeyframe(id)
})
