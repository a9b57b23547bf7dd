import type { ApiKeyScope } from "../ApiKey.js"

/** The scope that a call needs of an API key; `any` is enough with any key. */
type NeededScope = ApiKeyScope | "any"

/** Calls of `VigilApi`, as `group.endpoint`. What is not here is closed to API keys. */
export const httpScopes: Readonly<Record<string, NeededScope>> = {
  "session.me": "any",
  "grants.mine": "any",
  "cameras.list": "read",
  "cameras.get": "read",
  "cameras.statuses": "read",
  "cameras.status": "read",
  "cameras.snapshot": "read",
  "cameras.restart": "operate",
  "cameras.create": "configure",
  "cameras.probe": "configure",
  "cameras.update": "configure",
  "cameras.remove": "configure",
  "cameras.bulk": "configure",
  "cameras.import": "configure",
  "cameras.exportCsv": "configure",
  "cameras.exportXlsx": "configure",
  "places.list": "read",
  "places.get": "read",
  "places.create": "configure",
  "places.update": "configure",
  "places.remove": "configure",
  "cameraManager.runtimes": "read",
  "cameraManager.status": "operate",
  "heartbeat.beat": "operate",
  "live.open": "read",
  "live.close": "read",
  "events.list": "read",
  "events.get": "read",
  "events.setStatus": "operate",
  "catalogue.models": "read",
  "catalogue.analytics": "read",
  "cluster.status": "operate",
  "tenants.ownLicence": "configure",
  "health.detailed": "read"
}

/** Calls of `VigilRpc`. What is not here is closed to API keys. */
export const rpcScopes: Readonly<Record<string, NeededScope>> = {
  WhoAmI: "any",
  Health: "read",
  ListCameras: "read",
  GetCamera: "read",
  WatchCameras: "read",
  ListCameraRuntimes: "read",
  WatchOverlays: "read",
  QueryEvents: "read",
  GetEvent: "read",
  WatchEvents: "read",
  ListModels: "read",
  ListAnalytics: "read",
  CameraStatus: "read",
  CameraStatistics: "read",
  CameraSnapshot: "read",
  CameraManagerStatus: "operate",
  ClusterStatus: "operate",
  SetEventStatus: "operate",
  RestartCamera: "operate",
  RequestKeyframe: "operate",
  StartCamera: "configure",
  StopCamera: "configure",
  CreateCamera: "configure",
  DeleteCamera: "configure",
  ProbeSource: "configure",
  ConfigureCamera: "configure"
}
