import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Principal } from "@vigil/core/contract/Principal"
import { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { Effect } from "effect"
import { queryAudit } from "../application/AuditOperations.js"
import { authorize } from "../application/Authorization.js"
import {
  createCamera,
  getCamera,
  listCameras,
  probeSource,
  removeCamera,
  restartCamera,
  snapshot,
  updateCamera,
  watchCameras,
  watchOverlays
} from "../application/CameraOperations.js"
import { getEvent, queryEvents, setEventStatus, watchEvents } from "../application/EventOperations.js"
import { checkHealth } from "../application/Health.js"
import { listTenants } from "../application/TenantOperations.js"

/** The calls of `VigilRpc`, by the operations. */
export const layerRpcHandlers = VigilRpc.toLayer({
  WhoAmI: () => Effect.map(Principal, ({ user }) => user),
  ListCameras: () => listCameras,
  GetCamera: ({ id }) => getCamera(id),
  CreateCamera: ({ camera }) => createCamera(camera),
  UpdateCamera: ({ expectedRevision, id, patch }) => updateCamera(id, patch, expectedRevision),
  DeleteCamera: ({ id }) => removeCamera(id),
  RestartCamera: ({ id }) => restartCamera(id),
  ProbeSource: ({ camera, cameraId, seconds }) => probeSource(camera, seconds, cameraId),
  Snapshot: ({ id }) => snapshot(id),
  WatchCameras: () => watchCameras,
  WatchOverlays: ({ id }) => watchOverlays(id),
  QueryEvents: ({ query }) => queryEvents(query),
  GetEvent: ({ id }) => getEvent(id),
  SetEventStatus: ({ id, status }) => setEventStatus(id, status),
  WatchEvents: () => watchEvents,
  ListModels: () =>
    Effect.zipRight(
      authorize("viewer"),
      Effect.flatMap(ModelCatalogue, ({ list }) => list)
    ),
  ListAnalytics: () => Effect.map(AnalyticCatalogue, ({ list }) => list),
  QueryAudit: ({ query }) => queryAudit(query),
  ListTenants: () => listTenants,
  Health: () => Effect.map(checkHealth, ({ components }) => components)
})
