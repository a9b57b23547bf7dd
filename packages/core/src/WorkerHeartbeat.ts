import { Schema } from "effect"
import { HealthInfo, WorkerStatus } from "./BusMessage.js"
import type { CameraHealth, CameraRuntime, WorkerReport } from "./CameraRuntime.js"
import { type CameraId, Epoch } from "./Ids.js"
import { PlainName, plainPattern, plainText } from "./PlainText.js"

const mostFacts = 32
const longestName = 64
const longestText = 200
const longestError = 500

const isPlain = (text: string, most: number): boolean => text.length <= most && plainPattern.test(text)

const BoundedHealthInfo = HealthInfo.pipe(
  Schema.filter((info) => Object.keys(info).length <= mostFacts || `expected ${mostFacts} facts at the most`),
  Schema.filter(
    (info) =>
      Object.entries(info).every(
        ([name, value]) =>
          isPlain(name, longestName) && (typeof value === "number" ? Number.isFinite(value) : isPlain(value, longestText))
      ) || `expected names of at most ${longestName} and texts of at most ${longestText} characters, on one line, or numbers`
  )
)

/** What an external worker says of itself every 30 seconds or so. */
export const WorkerHeartbeat = Schema.Struct({
  status: WorkerStatus,
  healthInfo: Schema.optionalWith(BoundedHealthInfo, { default: () => ({}) }).pipe(Schema.fromKey("health_info")),
  /** What it calls itself; `camera-worker-<camera id>` where it does not say. */
  podName: Schema.optional(PlainName(200)).pipe(Schema.fromKey("pod_name")),
  /** With `status: "error"`, what went wrong, for people. */
  error: Schema.optional(Schema.String.pipe(Schema.maxLength(longestError)))
}).annotations({ identifier: "WorkerHeartbeat" })
export type WorkerHeartbeat = typeof WorkerHeartbeat.Type

/** Errors in a row after which a person is called. */
const alertAfter = 5

const healthOf = (status: WorkerStatus, alert: boolean): CameraHealth => {
  if (status === "error") return alert ? "unhealthy" : "degraded"
  return status === "running" ? "healthy" : "unknown"
}

const errorsAfter = (before: number, status: WorkerStatus): number => {
  if (status === "error") return before + 1
  // A worker that starts anew has not proved yet that its errors are over.
  return status === "starting" ? before : 0
}

const said = (error: string | undefined): string => {
  const text = plainText(error ?? "", longestError)
  return text === "" ? "the worker reports an error, and not which" : text
}

/** An external worker's report after a heartbeat. */
export const afterHeartbeat = (
  cameraId: CameraId,
  before: CameraRuntime | undefined,
  { error, healthInfo, podName, status }: WorkerHeartbeat
): WorkerReport => {
  const errorCount = errorsAfter(before?.errorCount ?? 0, status)
  const alert = errorCount >= alertAfter
  const known = errorCount === 0 ? null : (before?.lastError ?? null)
  return {
    cameraId,
    worker: "external",
    podName: podName ?? `camera-worker-${cameraId}`,
    epoch: Epoch.make(0),
    workerStatus: status,
    healthStatus: healthOf(status, alert),
    healthInfo,
    errorCount,
    lastError: status === "error" ? said(error) : known,
    alert
  }
}

/** Whether the worker is another one than before, or one that works again. */
export const startsAnew = (before: CameraRuntime, after: WorkerReport): boolean =>
  before.podName !== after.podName ||
  before.epoch !== after.epoch ||
  (before.workerStatus === "stopped" && after.workerStatus !== "stopped")
