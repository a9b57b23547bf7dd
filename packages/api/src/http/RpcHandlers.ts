import { DashboardRpc } from "@vigil/core/contract/VigilRpc"
import { Principal } from "@vigil/core/contract/Principal"
import { getCamera } from "@vigil/core/control/CameraCommands"
import { layerCameraRpc } from "@vigil/core/control/CameraRpcHandlers"
import { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import { Effect, Layer } from "effect"
import { queryAudit, verifyAudit } from "../application/AuditOperations.js"
import {
  createCamera,
  listCameras,
  probeSource,
  removeCamera,
  watchCameras,
  watchOverlays
} from "../application/CameraOperations.js"
import { clusterStatus, drainNode, rebalanceCluster, resumeNode } from "../application/ClusterOperations.js"
import { adoptDevices, cancelDiscovery, startDiscovery, watchDiscovery } from "../application/DiscoveryOperations.js"
import { addEventNote, changeEvent, getEvent, queryEvents, watchEvents } from "../application/EventOperations.js"
import { checkHealth } from "../application/Health.js"
import { objectDifference, objectHistory } from "../application/HistoryOperations.js"
import { keyStatus, watchRotation } from "../application/KeyOperations.js"
import { cameraRuntimes, managerStatus } from "../application/ManagerOperations.js"
import { listModels } from "../application/ModelOperations.js"
import { listTenants } from "../application/TenantOperations.js"

const layerDashboardRpc = DashboardRpc.toLayer({
  WhoAmI: () => Effect.map(Principal, ({ user }) => user),
  ListCameras: () => listCameras,
  GetCamera: ({ id }) => getCamera(id),
  CreateCamera: ({ camera }) => createCamera(camera),
  DeleteCamera: ({ expectedRevision, id }) => removeCamera(id, expectedRevision),
  ProbeSource: ({ camera, cameraId, seconds }) => probeSource(camera, seconds, cameraId),
  StartDiscovery: ({ request }) => startDiscovery(request),
  WatchDiscovery: ({ id }) => watchDiscovery(id),
  CancelDiscovery: ({ id }) => cancelDiscovery(id),
  AdoptDevices: ({ id, request }) => adoptDevices(id, request),
  WatchCameras: () => watchCameras,
  ListCameraRuntimes: () => cameraRuntimes,
  CameraManagerStatus: () => managerStatus,
  WatchOverlays: ({ id }) => watchOverlays(id),
  QueryEvents: ({ query }) => queryEvents(query),
  GetEvent: ({ id }) => getEvent(id),
  SetEventStatus: ({ id, status }) => changeEvent(id, { status }),
  ChangeEvent: ({ id, patch }) => changeEvent(id, patch),
  AddEventNote: ({ id, note }) => addEventNote(id, note),
  WatchEvents: ({ from }) => watchEvents(from),
  ListModels: () => listModels,
  ListAnalytics: () => Effect.map(AnalyticCatalogue, ({ list }) => list),
  QueryAudit: ({ query }) => queryAudit(query),
  VerifyAudit: ({ noted }) => verifyAudit(noted),
  ListTenants: () => listTenants,
  ObjectHistory: ({ id, type }) => objectHistory(type, id),
  ObjectDifference: ({ from, id, to, type }) => objectDifference(type, id, from, to),
  KeyStatus: () => keyStatus,
  RotateKeys: () => watchRotation,
  ClusterStatus: () => clusterStatus,
  DrainNode: ({ node }) => drainNode(node),
  ResumeNode: ({ node }) => resumeNode(node),
  RebalanceCluster: () => rebalanceCluster,
  Health: () => Effect.map(checkHealth, ({ components }) => components)
})

/** The calls of `VigilRpc`, by the operations. */
export const layerRpcHandlers = Layer.merge(layerDashboardRpc, layerCameraRpc)
