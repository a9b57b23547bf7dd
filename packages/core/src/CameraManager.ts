import { DateTime, Schema } from "effect"
import { type CameraRuntime, heartbeatLimits } from "./CameraRuntime.js"
import { CameraId } from "./Ids.js"
import { NodeName } from "./Node.js"

/** One run of a node's camera manager: another start of the same node is another one. */
export const ManagerId = Schema.UUID.pipe(Schema.brand("ManagerId"))
export type ManagerId = typeof ManagerId.Type

const manager = { id: ManagerId, cluster: Schema.String, node: NodeName }

/** Who writes a node's rows. */
export const ManagerIdentity = Schema.Struct(manager)
export type ManagerIdentity = typeof ManagerIdentity.Type

/** A node's camera manager and its heartbeat, which counts for all its rows. */
export const CameraManager = Schema.Struct({
  ...manager,
  startedAt: Schema.DateTimeUtc,
  lastHeartbeat: Schema.DateTimeUtc
}).annotations({ identifier: "CameraManager" })
export type CameraManager = typeof CameraManager.Type

/** A camera's worker as the DFIP lists it: these field names are its own. */
const ManagedWorker = Schema.Struct({
  cameraId: Schema.propertySignature(CameraId).pipe(Schema.fromKey("camera_id")),
  podName: Schema.String,
  /** The cluster's name. */
  namespace: Schema.String,
  /** `vigil` of an actor, `external` of a program that reports by HTTP. */
  image: Schema.String,
  createdAt: Schema.DateTimeUtc
})

/** The camera managers of all nodes as one. */
export const CameraManagerStatus = Schema.Struct({
  /** At least one node's manager was heard of in the last 15 seconds. */
  isRunning: Schema.propertySignature(Schema.Boolean).pipe(Schema.fromKey("is_running")),
  workerCount: Schema.propertySignature(Schema.Int).pipe(Schema.fromKey("worker_count")),
  /** Workers that have not stopped. */
  workers: Schema.Array(ManagedWorker)
}).annotations({ identifier: "CameraManagerStatus" })
export type CameraManagerStatus = typeof CameraManagerStatus.Type

const isHeard = (at: DateTime.Utc) => (each: CameraManager) =>
  DateTime.distance(each.lastHeartbeat, at) <= heartbeatLimits.actor.degraded

/** What the managers and a tenant's rows say together, at a moment of the table's clock. */
export const managerStatus = (
  managers: ReadonlyArray<CameraManager>,
  runtimes: ReadonlyArray<CameraRuntime>,
  at: DateTime.Utc
): CameraManagerStatus => {
  const clusters = new Map(managers.map(({ cluster, node }) => [String(node), cluster]))
  const workers = runtimes
    .filter(({ workerStatus }) => workerStatus !== "stopped")
    .map(({ cameraId, podName, startedAt, worker }) => ({
      cameraId,
      podName,
      namespace: worker === "actor" ? (clusters.get(podName) ?? "vigil") : "external",
      image: worker === "actor" ? "vigil" : "external",
      createdAt: startedAt
    }))
  return { isRunning: managers.some(isHeard(at)), workerCount: workers.length, workers }
}
