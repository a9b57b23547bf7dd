import type { HealthInfo, WorkerStatus } from "@vigil/core/BusMessage"
import type { CameraHealth, WorkerReport } from "@vigil/core/CameraRuntime"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import {
  healthOf,
  initialSupervision,
  supervise,
  type Supervision,
  type SupervisionAction,
  type SupervisionInput,
  type SupervisionPolicy
} from "@vigil/core/CameraSupervision"
import { plainText } from "@vigil/core/PlainText"
import type { MonotonicTime } from "@vigil/core/Time"
import type { CameraActor, CameraPulse } from "../camera/CameraActors.js"

/** Characters of an error that are kept. */
const longestError = 500

/** What was already seen of a camera's actor, so that each of its errors is told once. */
interface Seen {
  readonly revision: number
  readonly failures: number
  readonly failedAt: number | undefined
  readonly mediaRestarts: number
}

/** One camera of this node, as its manager keeps it. */
export interface WatchedCamera {
  /** The actor that ran it last. */
  readonly actor: CameraActor
  readonly supervision: Supervision
  readonly seen: Seen
  /** What the runtime table is to say; another object whenever something of it changed. */
  readonly report: WorkerReport
  /** When its actor left this node, where it has. */
  readonly goneAt: MonotonicTime | undefined
}

const nothingSeen = (revision: number): Seen => ({ revision, failures: 0, failedAt: undefined, mediaRestarts: 0 })

const workerStatusOf = (state: CameraState): WorkerStatus => {
  switch (state._tag) {
    case "Disabled":
      return "stopped"
    case "Connecting":
      return state.failures > 0 ? "error" : "starting"
    case "Streaming":
    case "Stalled":
      return "running"
    case "BackingOff":
    case "Failed":
      return "error"
  }
}

/** What a heartbeat tells of a camera. */
export const healthInfoOf = ({ pipeline, source, state, viewers }: CameraStatus): HealthInfo => ({
  state: state._tag,
  fps: Math.round(source.framesPerSecond * 10) / 10,
  bitrate: Math.round(source.bitrate),
  packets_lost: source.packetsLost,
  frames_dropped: pipeline.framesDropped,
  viewers
})

const reportOf = (actor: CameraActor, node: string, supervision: Supervision, health: CameraHealth): WorkerReport => ({
  cameraId: actor.id,
  worker: "actor",
  podName: node,
  epoch: actor.epoch,
  workerStatus: supervision.workerStatus,
  healthStatus: health,
  healthInfo: healthInfoOf(actor.status()),
  errorCount: supervision.errorCount,
  lastError: supervision.lastError,
  alert: supervision.alert
})

/** A camera whose actor has come to this node. */
export const beginWatching = (actor: CameraActor, node: string, now: MonotonicTime): WatchedCamera => {
  const supervision = initialSupervision(now)
  return {
    actor,
    supervision,
    seen: nothingSeen(actor.pulse().revision),
    report: reportOf(actor, node, supervision, healthOf(supervision)),
    goneAt: undefined
  }
}

/** A new actor of a camera that was here before; its errors go on counting. */
export const continueWatching = (before: WatchedCamera, actor: CameraActor, node: string): WatchedCamera => ({
  ...before,
  actor,
  seen: nothingSeen(before.seen.revision),
  report: reportOf(actor, node, before.supervision, healthOf(before.supervision)),
  goneAt: undefined
})

/** The actor has ended here: the camera was removed, or it runs elsewhere, or soon here again. */
export const leave = (before: WatchedCamera, now: MonotonicTime): WatchedCamera => ({
  ...before,
  report: { ...before.report, workerStatus: "stopped", healthStatus: "unknown" },
  goneAt: now
})

const sourceFailure = (seen: Seen, state: CameraState): ReadonlyArray<SupervisionInput> => {
  if (!("failure" in state) || state.failure === undefined) return []
  // An attempt that failed and was followed by the next between two looks shows by the count.
  const isNew = state._tag === "Connecting" ? state.failures !== seen.failures : state.since !== seen.failedAt
  if (!isNew) return []
  const error = plainText(`${state.failure.reason}: ${state.failure.detail}`, longestError)
  return [{ _tag: "Failed", error, mendedBy: state._tag === "Failed" ? "person" : "restart" }]
}

const failed = (error: string): SupervisionInput => ({ _tag: "Failed", error, mendedBy: "restart" })

const seenNow = ({ mediaRestarts, revision, state }: CameraPulse, before: Seen): Seen => {
  const failures = "failures" in state ? state.failures : 0
  const failedAt = state._tag === "BackingOff" || state._tag === "Failed" ? state.since : before.failedAt
  return { revision, failures, failedAt, mediaRestarts }
}

const sameSeen = (a: Seen, b: Seen) =>
  a.revision === b.revision && a.failures === b.failures && a.failedAt === b.failedAt && a.mediaRestarts === b.mediaRestarts

const isSaid = (report: WorkerReport, { alert, errorCount, lastError, workerStatus }: Supervision, health: CameraHealth) =>
  report.workerStatus === workerStatus &&
  report.healthStatus === health &&
  report.errorCount === errorCount &&
  report.lastError === lastError &&
  report.alert === alert

/** Share by which a picture rate must differ before the table is told of it. */
const noteworthy = 0.2

/** The camera after a heartbeat: what its row tells of the worker is refreshed where it has become wrong. */
export const refresh = (before: WatchedCamera, healthInfo: HealthInfo): WatchedCamera => {
  const [told, fps] = [Number(before.report.healthInfo["fps"] ?? 0), Number(healthInfo["fps"] ?? 0)]
  const isNear = Math.abs(told - fps) <= noteworthy * Math.max(told, 1)
  return isNear ? before : { ...before, report: { ...before.report, healthInfo } }
}

/** Applies inputs to the camera's supervision, and rewrites its report where that says something else now. */
const apply = (
  before: WatchedCamera,
  inputs: ReadonlyArray<SupervisionInput>,
  now: MonotonicTime,
  policy: SupervisionPolicy
): readonly [WatchedCamera, ReadonlyArray<SupervisionAction>] => {
  let supervision = before.supervision
  const actions: Array<SupervisionAction> = []
  for (const input of inputs) {
    const [next, wanted] = supervise(supervision, input, now, Math.random(), policy)
    supervision = next
    actions.push(...wanted)
  }
  return [supervision === before.supervision ? before : { ...before, supervision }, actions]
}

/** One look at a camera that runs here. An actor whose fiber has not come around for `reactsWithin` milliseconds hangs. */
export const look = (
  before: WatchedCamera,
  now: MonotonicTime,
  reactsWithin: number,
  policy: SupervisionPolicy
): readonly [WatchedCamera, ReadonlyArray<SupervisionAction>] => {
  const { actor, seen } = before
  const pulse = actor.pulse()
  const isHung = now - pulse.reacted > reactsWithin
  const inputs: Array<SupervisionInput> = []
  // A person has changed the camera: what it failed at before says nothing any more.
  if (pulse.revision !== seen.revision) inputs.push({ _tag: "Seen", status: "stopped" })
  inputs.push({ _tag: "Seen", status: isHung ? "error" : workerStatusOf(pulse.state) }, ...sourceFailure(seen, pulse.state))
  if (pulse.mediaRestarts > seen.mediaRestarts) inputs.push(failed("its media worker died or hung, and was replaced"))
  if (isHung) inputs.push(failed("its actor does not react: look into the log, restart the node"))
  const [after, actions] = apply(before, inputs, now, policy)
  const health = pulse.state._tag === "Stalled" ? "degraded" : healthOf(after.supervision)
  const next = seenNow(pulse, seen)
  if (isSaid(after.report, after.supervision, health)) return [sameSeen(next, seen) ? after : { ...after, seen: next }, actions]
  return [{ ...after, seen: next, report: reportOf(actor, after.report.podName, after.supervision, health) }, actions]
}

/** The end of a camera's actor. One that another took over from has failed. */
export const farewell = (
  before: WatchedCamera,
  now: MonotonicTime,
  policy: SupervisionPolicy
): readonly [WatchedCamera, ReadonlyArray<SupervisionAction>] => {
  const error = before.goneAt === undefined ? before.actor.fenced() : undefined
  return apply(before, error === undefined ? [] : [failed(`it runs elsewhere too: ${error.message}`)], now, policy)
}
