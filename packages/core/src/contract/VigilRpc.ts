import { Rpc, RpcGroup } from "@effect/rpc"
import { Schema } from "effect"
import { AnalyticDescriptor } from "../Analytic.js"
import { AuditPage, AuditQuery } from "../AuditEntry.js"
import { AuditMark, AuditVerification } from "../AuditVerification.js"
import { Camera, NewCamera } from "../Camera.js"
import { CameraManagerStatus } from "../CameraManager.js"
import { ClusterStatus, MovedCameras } from "../ClusterStatus.js"
import { KeyRotation, KeyRotationRefused, KeyStatus } from "../KeyRotation.js"
import { NodeName } from "../Node.js"
import { CameraStatus } from "../CameraStatus.js"
import { CameraWithRuntime } from "../CameraWithRuntime.js"
import { AdoptRequest, DiscoveryRequest, ListedDiscovery } from "../Discovery.js"
import { EventDelivery, EventEntry, EventPage, EventPatch, EventQuery, EventStatus, NewEventNote } from "../Event.js"
import { CameraId, DiscoveryId, EventId } from "../Ids.js"
import { LicenceRefused } from "../Licence.js"
import { CatalogueEntry, ModelError } from "../Model.js"
import { ObjectDifference, ObjectHistory, VersionNotFound } from "../ObjectHistory.js"
import { Overlay } from "../Overlay.js"
import { CursorRefused } from "../PageCursor.js"
import { InvalidAnalytic } from "../port/AnalyticCatalogue.js"
import { BusUnavailable } from "../port/Bus.js"
import { CameraNotRunning } from "../port/CameraControl.js"
import { RevisionConflict } from "../port/CameraStore.js"
import { DiscoveryNotFound, DiscoveryRefused } from "../port/DiscoveryStore.js"
import { EdgeNotFound } from "../port/EdgeStore.js"
import { EventFull, EventNotFound } from "../port/EventStore.js"
import { NodeNotFound, NodeUnavailable } from "../port/ClusterControl.js"
import { ModelUnsuitable } from "../port/ModelLibrary.js"
import { RangeRefused } from "../port/NetworkScanner.js"
import { PlaceNotFound } from "../port/PlaceStore.js"
import { ComponentHealth } from "../port/Health.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { ProbeReport } from "../Probe.js"
import { InvalidSetting } from "../settings/SettingCatalogue.js"
import { SourceError } from "../Source.js"
import { Tenant } from "../Tenant.js"
import { User } from "../User.js"
import { VersionedType } from "../VersionedType.js"
import { CameraRpc, cameraErrors } from "./CameraRpc.js"
import { Forbidden } from "./Principal.js"
import { RpcAuthentication } from "./RpcAuthentication.js"

const eventErrors = Schema.Union(EventNotFound, EventFull, StoreUnavailable, Forbidden)
const discoveryErrors = Schema.Union(DiscoveryNotFound, StoreUnavailable, Forbidden)
const historyErrors = Schema.Union(VersionNotFound, StoreUnavailable, Forbidden)
const steeringErrors = Schema.Union(NodeNotFound, NodeUnavailable, StoreUnavailable, Forbidden)

/** What dashboards and the `vigil` CLI ask for besides the control of cameras. */
export class DashboardRpc extends RpcGroup.make(
  Rpc.make("WhoAmI", { success: User }),
  Rpc.make("ListCameras", { success: Schema.Array(Camera), error: Schema.Union(StoreUnavailable, Forbidden) }),
  Rpc.make("GetCamera", { payload: { id: CameraId }, success: Camera, error: cameraErrors }),
  Rpc.make("CreateCamera", {
    payload: { camera: NewCamera },
    success: Camera,
    error: Schema.Union(
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
  }),
  Rpc.make("DeleteCamera", {
    payload: { id: CameraId, expectedRevision: Schema.optional(Schema.Int) },
    success: Schema.Void,
    error: Schema.Union(cameraErrors, RevisionConflict)
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
  /** The status of every camera in the caller's reach now, then each change, and of those that come in reach. */
  /** Looks for cameras in the networks of the server, one search at a time; for supervisors. */
  Rpc.make("StartDiscovery", {
    payload: { request: DiscoveryRequest },
    success: ListedDiscovery,
    error: Schema.Union(RangeRefused, DiscoveryRefused, StoreUnavailable, Forbidden)
  }),
  /** How far it is and what was found, about twice a second, until it is over. */
  Rpc.make("WatchDiscovery", { payload: { id: DiscoveryId }, success: ListedDiscovery, error: discoveryErrors, stream: true }),
  Rpc.make("CancelDiscovery", { payload: { id: DiscoveryId }, success: ListedDiscovery, error: discoveryErrors }),
  /** Makes cameras of devices that were found, all or none. */
  Rpc.make("AdoptDevices", {
    payload: { id: DiscoveryId, request: AdoptRequest },
    success: Schema.Array(Camera),
    error: Schema.Union(discoveryErrors, DiscoveryRefused, SourceError, EdgeNotFound, PlaceNotFound, LicenceRefused)
  }),
  /** The status of every camera of the tenant now, then each change. */
  Rpc.make("WatchCameras", { success: CameraStatus, error: Schema.Union(StoreUnavailable, Forbidden), stream: true }),
  /** Every camera of the tenant with its row of the runtime table: worker, heartbeat, health, errors. */
  Rpc.make("ListCameraRuntimes", {
    success: Schema.Array(CameraWithRuntime),
    error: Schema.Union(StoreUnavailable, Forbidden)
  }),
  /** For operators. */
  Rpc.make("CameraManagerStatus", { success: CameraManagerStatus, error: Schema.Union(StoreUnavailable, Forbidden) }),
  Rpc.make("WatchOverlays", {
    payload: { id: CameraId },
    success: Overlay,
    error: Schema.Union(cameraErrors, CameraNotRunning),
    stream: true
  }),
  Rpc.make("QueryEvents", {
    payload: { query: EventQuery },
    success: EventPage,
    error: Schema.Union(CursorRefused, StoreUnavailable, Forbidden)
  }),
  Rpc.make("GetEvent", {
    payload: { id: EventId },
    success: EventEntry,
    error: Schema.Union(EventNotFound, StoreUnavailable, Forbidden)
  }),
  Rpc.make("SetEventStatus", {
    payload: { id: EventId, status: EventStatus },
    success: EventEntry,
    error: eventErrors
  }),
  Rpc.make("ChangeEvent", { payload: { id: EventId, patch: EventPatch }, success: EventEntry, error: eventErrors }),
  Rpc.make("AddEventNote", { payload: { id: EventId, note: NewEventNote }, success: EventEntry, error: eventErrors }),
  /** Events of cameras in the caller's reach, and again when somebody changes what is known of them: from now on, or from a position that is still kept. */
  Rpc.make("WatchEvents", {
    payload: { from: Schema.optional(Schema.Int.pipe(Schema.positive())) },
    success: EventDelivery,
    error: Schema.Union(BusUnavailable, StoreUnavailable, Forbidden),
    stream: true
  }),
  Rpc.make("ListModels", { success: Schema.Array(CatalogueEntry), error: Schema.Union(ModelError, StoreUnavailable, Forbidden) }),
  Rpc.make("ListAnalytics", { success: Schema.Array(AnalyticDescriptor) }),
  /** For administrators. */
  Rpc.make("QueryAudit", {
    payload: { query: AuditQuery },
    success: AuditPage,
    error: Schema.Union(StoreUnavailable, Forbidden)
  }),
  /** For administrators: whether the trail is whole, and still has what was noted of it. */
  Rpc.make("VerifyAudit", {
    payload: { noted: Schema.optional(AuditMark) },
    success: AuditVerification,
    error: Schema.Union(StoreUnavailable, Forbidden)
  }),
  /** All tenants for the operator of the machine, the own one for an administrator. */
  Rpc.make("ListTenants", { success: Schema.Array(Tenant), error: Schema.Union(StoreUnavailable, Forbidden) }),
  /** Of cameras, places and settings for supervisors, of all else for administrators. */
  Rpc.make("ObjectHistory", {
    payload: { type: VersionedType, id: Schema.String.pipe(Schema.maxLength(100)) },
    success: ObjectHistory,
    error: historyErrors
  }),
  Rpc.make("ObjectDifference", {
    payload: { type: VersionedType, id: Schema.String.pipe(Schema.maxLength(100)), from: Schema.Int, to: Schema.Int },
    success: ObjectDifference,
    error: historyErrors
  }),
  /** For administrators of the installation's own tenant. */
  Rpc.make("KeyStatus", { success: KeyStatus, error: Schema.Union(StoreUnavailable, Forbidden) }),
  /** How far the rotation to the next master key is, until it is over. */
  Rpc.make("RotateKeys", {
    success: KeyRotation,
    error: Schema.Union(KeyRotationRefused, StoreUnavailable, Forbidden),
    stream: true
  }),
  /** For operators. */
  Rpc.make("ClusterStatus", { success: ClusterStatus, error: Schema.Union(StoreUnavailable, Forbidden) }),
  /** For administrators of the installation's own tenant; answers when the last camera is gone. */
  Rpc.make("DrainNode", { payload: { node: NodeName }, success: MovedCameras, error: steeringErrors }),
  Rpc.make("ResumeNode", { payload: { node: NodeName }, success: Schema.Void, error: steeringErrors }),
  Rpc.make("RebalanceCluster", {
    success: MovedCameras,
    error: Schema.Union(NodeUnavailable, StoreUnavailable, Forbidden)
  }),
  Rpc.make("Health", { success: Schema.Array(ComponentHealth) })
).middleware(RpcAuthentication) {}

/** The calls of dashboards and of the `vigil` CLI, over WebSocket. Streams end with the connection. */
export class VigilRpc extends DashboardRpc.merge(CameraRpc) {}
