import { Rpc, RpcGroup, RpcMiddleware } from "@effect/rpc"
import { Schema } from "effect"
import { AnalyticDescriptor } from "../Analytic.js"
import { AuditPage, AuditQuery } from "../AuditEntry.js"
import { Camera, CameraPatch, NewCamera } from "../Camera.js"
import { CameraStatus } from "../CameraStatus.js"
import { EventEntry, EventPage, EventQuery, EventStatus } from "../Event.js"
import { CameraId, EventId } from "../Ids.js"
import { CatalogueEntry, ModelError } from "../Model.js"
import { Overlay } from "../Overlay.js"
import { InvalidAnalytic } from "../port/AnalyticCatalogue.js"
import { CameraNotRunning, NoPicture } from "../port/CameraControl.js"
import { CameraNotFound, RevisionConflict } from "../port/CameraStore.js"
import { EventNotFound } from "../port/EventStore.js"
import { ComponentHealth } from "../port/Health.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { ProbeReport } from "../Probe.js"
import { SourceError } from "../Source.js"
import { Tenant } from "../Tenant.js"
import { User } from "../User.js"
import { Forbidden, Principal, Unauthorized } from "./Principal.js"

/** Lets a call through only with a valid session, and gives its handler the {@link Principal}. */
export class RpcAuthentication extends RpcMiddleware.Tag<RpcAuthentication>()("@vigil/core/RpcAuthentication", {
  provides: Principal,
  failure: Unauthorized
}) {}

const cameraErrors = Schema.Union(CameraNotFound, StoreUnavailable, Forbidden)
const configurationErrors = Schema.Union(
  CameraNotFound,
  RevisionConflict,
  SourceError,
  InvalidAnalytic,
  StoreUnavailable,
  Forbidden
)

/** The calls of dashboards and of the `vigil` CLI, over WebSocket. Streams end with the connection. */
export class VigilRpc extends RpcGroup.make(
  Rpc.make("WhoAmI", { success: User }),
  Rpc.make("ListCameras", { success: Schema.Array(Camera), error: Schema.Union(StoreUnavailable, Forbidden) }),
  Rpc.make("GetCamera", { payload: { id: CameraId }, success: Camera, error: cameraErrors }),
  Rpc.make("CreateCamera", {
    payload: { camera: NewCamera },
    success: Camera,
    error: Schema.Union(SourceError, InvalidAnalytic, StoreUnavailable, Forbidden)
  }),
  Rpc.make("UpdateCamera", {
    payload: { id: CameraId, patch: CameraPatch, expectedRevision: Schema.optional(Schema.Int) },
    success: Camera,
    error: configurationErrors
  }),
  Rpc.make("DeleteCamera", { payload: { id: CameraId }, success: Schema.Void, error: cameraErrors }),
  Rpc.make("RestartCamera", {
    payload: { id: CameraId },
    success: CameraStatus,
    error: Schema.Union(cameraErrors, CameraNotRunning)
  }),
  /** With a `cameraId`, and no credentials given, that camera's stored ones are used if host and port are the same. */
  Rpc.make("ProbeSource", {
    payload: {
      camera: NewCamera,
      seconds: Schema.Number.pipe(Schema.between(0.5, 30)),
      cameraId: Schema.optional(CameraId)
    },
    success: ProbeReport,
    error: Schema.Union(SourceError, cameraErrors)
  }),
  Rpc.make("Snapshot", {
    payload: { id: CameraId },
    success: Schema.Uint8ArrayFromBase64,
    error: Schema.Union(cameraErrors, CameraNotRunning, NoPicture)
  }),
  /** The status of every camera of the tenant now, then each change. */
  Rpc.make("WatchCameras", { success: CameraStatus, error: Schema.Union(StoreUnavailable, Forbidden), stream: true }),
  Rpc.make("WatchOverlays", {
    payload: { id: CameraId },
    success: Overlay,
    error: Schema.Union(cameraErrors, CameraNotRunning),
    stream: true
  }),
  Rpc.make("QueryEvents", {
    payload: { query: EventQuery },
    success: EventPage,
    error: Schema.Union(StoreUnavailable, Forbidden)
  }),
  Rpc.make("GetEvent", {
    payload: { id: EventId },
    success: EventEntry,
    error: Schema.Union(EventNotFound, StoreUnavailable, Forbidden)
  }),
  Rpc.make("SetEventStatus", {
    payload: { id: EventId, status: EventStatus },
    success: EventEntry,
    error: Schema.Union(EventNotFound, StoreUnavailable, Forbidden)
  }),
  /** Events of the tenant from now on, and again when somebody sets their status. */
  Rpc.make("WatchEvents", { success: EventEntry, error: Schema.Union(StoreUnavailable, Forbidden), stream: true }),
  Rpc.make("ListModels", { success: Schema.Array(CatalogueEntry), error: Schema.Union(ModelError, Forbidden) }),
  Rpc.make("ListAnalytics", { success: Schema.Array(AnalyticDescriptor) }),
  /** For administrators. */
  Rpc.make("QueryAudit", {
    payload: { query: AuditQuery },
    success: AuditPage,
    error: Schema.Union(StoreUnavailable, Forbidden)
  }),
  /** All tenants for the operator of the machine, the own one for an administrator. */
  Rpc.make("ListTenants", { success: Schema.Array(Tenant), error: Schema.Union(StoreUnavailable, Forbidden) }),
  Rpc.make("Health", { success: Schema.Array(ComponentHealth) })
).middleware(RpcAuthentication) {}
