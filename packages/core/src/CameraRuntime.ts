import { DateTime, Schema } from "effect"
import { HealthInfo, WorkerStatus } from "./BusMessage.js"
import { CameraId, Epoch } from "./Ids.js"

/** How well a camera's worker does its work; `unknown` where it does none. */
export const CameraHealth = Schema.Literal("healthy", "degraded", "unhealthy", "unknown")
export type CameraHealth = typeof CameraHealth.Type

/** The camera's actor on one of our nodes, or a program elsewhere that reports by HTTP. */
export const WorkerKind = Schema.Literal("actor", "external")
export type WorkerKind = typeof WorkerKind.Type

const named = <A, I>(schema: Schema.Schema<A, I>, key: string) => Schema.propertySignature(schema).pipe(Schema.fromKey(key))

const report = {
  cameraId: named(CameraId, "camera_id"),
  worker: WorkerKind,
  /** The node whose actor it is, or what the external worker calls itself. */
  podName: named(Schema.NonEmptyString.pipe(Schema.maxLength(200)), "pod_name"),
  /** The actor's epoch, 0 of an external worker. */
  epoch: Epoch,
  workerStatus: named(WorkerStatus, "worker_status"),
  healthStatus: named(CameraHealth, "health_status"),
  healthInfo: named(HealthInfo, "health_info"),
  /** Errors in a row. */
  errorCount: named(Schema.Int.pipe(Schema.nonNegative()), "error_count"),
  /** One sentence, without credentials; null where there was none since it last ran well. */
  lastError: named(Schema.NullOr(Schema.String), "last_error"),
  /** A person has to look: no restart will be tried any more. */
  alert: Schema.Boolean
}

/** What a worker says of itself. */
export const WorkerReport = Schema.Struct(report).annotations({ identifier: "WorkerReport" })
export type WorkerReport = typeof WorkerReport.Type

/** A row of the runtime table. In JSON and in the database its fields have the names of the DFIP's (`worker_status`). */
export const CameraRuntime = Schema.Struct({
  ...report,
  /** When this worker began to work, by the table's clock. */
  startedAt: named(Schema.DateTimeUtc, "started_at"),
  /** When it was last heard of, by the table's clock. */
  lastHeartbeat: named(Schema.DateTimeUtc, "last_heartbeat")
}).annotations({ identifier: "CameraRuntime" })
export type CameraRuntime = typeof CameraRuntime.Type

/** Milliseconds without a heartbeat after which a worker counts as no better than that. */
interface HeartbeatLimits {
  readonly degraded: number
  readonly unhealthy: number
}

/** Nodes beat every 5 s for all their actors; external workers are asked to beat every 30 s. */
export const heartbeatLimits: Readonly<Record<WorkerKind, HeartbeatLimits>> = {
  actor: { degraded: 15_000, unhealthy: 30_000 },
  external: { degraded: 45_000, unhealthy: 90_000 }
}

const severity: Readonly<Record<CameraHealth, number>> = { unknown: 0, healthy: 1, degraded: 2, unhealthy: 3 }

const worse = (a: CameraHealth, b: CameraHealth): CameraHealth => (severity[a] >= severity[b] ? a : b)

/** The row as it is to be read at a moment: whoever should work and has not been heard of for a while is not well, whatever it said last. */
export const agedAt = (runtime: CameraRuntime, at: DateTime.Utc): CameraRuntime => {
  if (runtime.workerStatus === "stopped") return runtime
  const silent = DateTime.toEpochMillis(at) - DateTime.toEpochMillis(runtime.lastHeartbeat)
  const { degraded, unhealthy } = heartbeatLimits[runtime.worker]
  if (silent <= degraded) return runtime
  return { ...runtime, healthStatus: worse(runtime.healthStatus, silent > unhealthy ? "unhealthy" : "degraded") }
}

/** The one of a camera's workers that people mean: its actor, or where that does not work the external one. */
export const shownRuntime = (runtimes: ReadonlyArray<CameraRuntime>): CameraRuntime | undefined => {
  const actor = runtimes.find(({ worker }) => worker === "actor")
  const external = runtimes.find(({ worker }) => worker === "external")
  return actor === undefined || (actor.workerStatus === "stopped" && external !== undefined) ? external : actor
}
