/**
 * Jobs that workers gave up. Each operation checks the role and sees what concerns cameras of the caller's tenant that the caller may see.
 *
 * @module
 */
import { deadJobDiscarded } from "@vigil/core/AuditChanges"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { TenantId, VideoJobId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { DeadJobNotFound, mostDeadLetters, VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { Effect, Option } from "effect"

/** None where there is no queue: a node alone looks at everything itself. */
const lettersOf = (tenant: TenantId) =>
  Effect.gen(function* () {
    const queue = yield* Effect.serviceOption(VideoJobQueue)
    const letters = Option.isNone(queue) ? [] : yield* queue.value.deadLetters(mostDeadLetters, tenant)
    if (letters.length === 0) return letters
    const seen = new Set((yield* (yield* CameraStore).list(tenant)).map(({ id }) => id))
    return letters.filter(({ cameraId }) => seen.has(cameraId))
  })

const lettersOfJob = (tenant: TenantId, id: VideoJobId) =>
  Effect.flatMap(lettersOf(tenant), (letters) => {
    const found = letters.filter(({ jobId }) => jobId === id)
    return found.length === 0 ? new DeadJobNotFound({ jobId: id }) : Effect.succeed(found)
  })

export const deadJobs = (limit: number) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("operator")
    return (yield* lettersOf(tenantId)).slice(0, limit)
  })

export const deadJob = (id: VideoJobId) => Effect.flatMap(authorize("operator"), ({ tenantId }) => lettersOfJob(tenantId, id))

/** Noted before it is done: the queue and the trail are not in one transaction. */
export const discardDeadJob = (id: VideoJobId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    const letters = yield* lettersOfJob(tenantId, id)
    const { append } = yield* AuditStore
    yield* Effect.forEach(letters, (letter) => append(tenantId, deadJobDiscarded(letter)), { discard: true })
    const queue = yield* Effect.serviceOption(VideoJobQueue)
    if (Option.isSome(queue)) yield* queue.value.discardDead(tenantId, id)
  }).pipe(inCallersName)
