/**
 * How the cameras' workers are, and what external workers say of themselves. Each operation checks the role and sees the caller's
 * tenant only.
 *
 * @module
 */
import { type BusMessage, subjectId } from "@vigil/core/BusMessage"
import { managerStatus as statusOf } from "@vigil/core/CameraManager"
import type { CameraRuntime } from "@vigil/core/CameraRuntime"
import { withRuntimes } from "@vigil/core/CameraWithRuntime"
import { Reporter } from "@vigil/core/contract/api/WorkerAuthentication"
import { Forbidden, Principal } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { CameraId, TenantId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { CameraNotFound, CameraStore } from "@vigil/core/port/CameraStore"
import { type NotedHeartbeat, RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { permits } from "@vigil/core/User"
import type { WorkerHeartbeat } from "@vigil/core/WorkerHeartbeat"
import type { NewWorkerToken, WorkerTokenId } from "@vigil/core/WorkerToken"
import { Effect } from "effect"
import { hashToken, newToken } from "../auth/Token.js"

export const cameraRuntimes = Effect.gen(function* () {
  const { tenantId } = yield* authorize("viewer")
  const cameras = yield* (yield* CameraStore).list(tenantId)
  const { at, rows } = yield* (yield* RuntimeTable).list(tenantId)
  return withRuntimes(cameras, rows, at)
})

export const managerStatus = Effect.gen(function* () {
  const { tenantId } = yield* authorize("operator")
  const table = yield* RuntimeTable
  const { at, rows } = yield* table.list(tenantId)
  return statusOf(yield* table.managers, rows, at)
})

/** Milliseconds: a worker that beats more often is told of on the bus this often. */
const tellEvery = 30_000
const tellLimit = "2 seconds"

const windowOf = ({ lastHeartbeat }: CameraRuntime) => Math.floor(lastHeartbeat.epochMillis / tellEvery)

/** What the bus is to hear of a heartbeat; of errors after the alert nothing more. */
const messagesOf = (tenantId: TenantId, { after, before }: NotedHeartbeat): ReadonlyArray<BusMessage> => {
  const { alert, cameraId, errorCount, healthInfo, lastError, lastHeartbeat, workerStatus } = after
  const about = (id: string) => ({ id: `${cameraId}:external:${id}`, tenantId, cameraId, timestamp: lastHeartbeat })
  const beats = before === undefined || windowOf(before) !== windowOf(after) || before.workerStatus !== workerStatus
  const fails = workerStatus === "error" && before?.alert !== true
  const recovers = errorCount === 0 && (before?.errorCount ?? 0) > 0
  return [
    ...(beats
      ? [
          {
            type: "worker.heartbeat" as const,
            ...about(`${lastHeartbeat.epochMillis}:heartbeat`),
            status: workerStatus,
            healthInfo
          }
        ]
      : []),
    ...(fails || recovers
      ? [
          {
            type: "worker.error" as const,
            ...about(`${lastHeartbeat.epochMillis}:error`),
            error: lastError ?? "it runs well again",
            errorCount,
            alert
          }
        ]
      : [])
  ]
}

const tell = (message: BusMessage) =>
  Effect.flatMap(Bus, (bus) => bus.publish(message)).pipe(
    Effect.timeout(tellLimit),
    // The heartbeat is in the table: the worker need not repeat it because the bus is away.
    Effect.catchAll((error) => Effect.logWarning(`${message.type} of ${subjectId(message)} is not on the bus`, error))
  )

export const noteHeartbeat = (id: CameraId, beat: WorkerHeartbeat) =>
  Effect.gen(function* () {
    const { cameraId, person, role, tenantId } = yield* Reporter
    if (role !== "worker" && !permits(role, "operator"))
      return yield* new Forbidden({ needed: "operator", role, what: undefined })
    // A token of one camera: whether there are others is none of its business.
    if (cameraId !== null && cameraId !== id) return yield* new CameraNotFound({ cameraId: id })
    const noting = (yield* RuntimeTable).heartbeat(tenantId, id, beat)
    const noted = yield* person === undefined ? noting : Effect.provideService(noting, Principal, person)
    yield* Effect.forEach(messagesOf(tenantId, noted), tell, { discard: true })
  })

export const workerTokens = Effect.gen(function* () {
  const { tenantId } = yield* authorize("admin")
  return yield* (yield* WorkerTokenStore).list(tenantId)
})

export const makeWorkerToken = (wanted: NewWorkerToken) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const token = newToken()
    return { ...(yield* (yield* WorkerTokenStore).create(tenantId, wanted, hashToken(token))), token }
  }).pipe(inCallersName)

export const revokeWorkerToken = (id: WorkerTokenId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* WorkerTokenStore).remove(tenantId, id)
  }).pipe(inCallersName)
