import { type BackoffPolicy, delay } from "./Backoff.js"
import type { WorkerStatus } from "./BusMessage.js"
import type { CameraHealth } from "./CameraRuntime.js"
import { type MonotonicTime, monotonicTime } from "./Time.js"

/** Times in milliseconds. */
export interface SupervisionPolicy {
  /** Errors in a row after which nothing more is tried, and a person is called. */
  readonly alertAfter: number
  /** How long a worker must run without an error before its earlier ones are forgotten. */
  readonly healthyAfter: number
  /** From an error to the restart; grows with the errors in a row. */
  readonly pause: BackoffPolicy
}

/** A camera that never comes back is restarted four times and alerts within about three minutes. */
export const defaultSupervisionPolicy: SupervisionPolicy = {
  alertAfter: 5,
  healthyAfter: 60_000,
  pause: { base: 10_000, cap: 80_000, factor: 2, floor: 5_000 }
}

/** What the manager remembers of one camera's worker. */
export interface Supervision {
  readonly workerStatus: WorkerStatus
  /** When the present status was entered, or the newest error came. */
  readonly since: MonotonicTime
  /** Errors in a row: those that came while a restart was due already are one with the error that it is due for. */
  readonly errorCount: number
  readonly lastError: string | null
  /** While a restart is due: when. */
  readonly restartAt: MonotonicTime | undefined
  /** Nothing more is tried until it runs again, or a person changes the camera. */
  readonly alert: boolean
}

/**
 * What happens to a worker. `Seen` is what it does now, told about once a second; `Failed` an error of it, of its source or of its
 * media worker. What only a person can mend (a wrong password) is not tried again: it could lock an account.
 */
export type SupervisionInput =
  | { readonly _tag: "Seen"; readonly status: WorkerStatus }
  | { readonly _tag: "Failed"; readonly error: string; readonly mendedBy: "restart" | "person" }

/** What the manager has to do. An alert is reported once, until `ReportRecovery`. */
export type SupervisionAction =
  | { readonly _tag: "Restart" }
  | { readonly _tag: "ReportError"; readonly error: string; readonly errorCount: number; readonly alert: boolean }
  | { readonly _tag: "ReportRecovery" }

export type SupervisionStep = readonly [Supervision, ReadonlyArray<SupervisionAction>]

const nothing: ReadonlyArray<SupervisionAction> = []

/** A worker that nothing is known of yet. */
export const initialSupervision = (now: MonotonicTime): Supervision => ({
  workerStatus: "starting",
  since: now,
  errorCount: 0,
  lastError: null,
  restartAt: undefined,
  alert: false
})

const seen = (before: Supervision, status: WorkerStatus, now: MonotonicTime, policy: SupervisionPolicy): SupervisionStep => {
  if (status === "stopped")
    return [before.workerStatus === status ? before : { ...initialSupervision(now), workerStatus: status }, nothing]
  const entered = status === before.workerStatus ? before : { ...before, workerStatus: status, since: now }
  if (status === "running" && entered.errorCount > 0 && now - entered.since >= policy.healthyAfter) {
    return [{ ...initialSupervision(now), workerStatus: status, since: entered.since }, [{ _tag: "ReportRecovery" }]]
  }
  if (entered.restartAt === undefined || now < entered.restartAt) return [entered, nothing]
  // It came back by itself: a restart would only interrupt it.
  return [{ ...entered, restartAt: undefined }, status === "running" ? nothing : [{ _tag: "Restart" }]]
}

const failed = (
  before: Supervision,
  { error, mendedBy }: Extract<SupervisionInput, { readonly _tag: "Failed" }>,
  now: MonotonicTime,
  random: number,
  policy: SupervisionPolicy
): SupervisionStep => {
  if (before.workerStatus === "stopped") return [before, nothing]
  const isKnown = before.alert || (before.restartAt !== undefined && mendedBy === "restart")
  if (isKnown) return [{ ...before, since: now }, nothing]
  const errorCount = before.errorCount + 1
  const alert = mendedBy === "person" || errorCount >= policy.alertAfter
  const restartAt = alert ? undefined : monotonicTime(now + delay(policy.pause, errorCount, random))
  return [
    { ...before, since: now, errorCount, lastError: error, alert, restartAt },
    [{ _tag: "ReportError", error, errorCount, alert }]
  ]
}

/** One step of watching over a worker. Pure: `random` (0..1) spreads the restarts of cameras that failed together. */
export const supervise = (
  before: Supervision,
  input: SupervisionInput,
  now: MonotonicTime,
  random: number,
  policy: SupervisionPolicy = defaultSupervisionPolicy
): SupervisionStep =>
  input._tag === "Seen" ? seen(before, input.status, now, policy) : failed(before, input, now, random, policy)

/** How well the worker does, as the table tells it. */
export const healthOf = ({ alert, errorCount, workerStatus }: Supervision): CameraHealth => {
  if (workerStatus === "stopped") return "unknown"
  if (alert && workerStatus !== "running") return "unhealthy"
  if (errorCount > 0 || workerStatus === "error") return "degraded"
  return workerStatus === "running" ? "healthy" : "unknown"
}
