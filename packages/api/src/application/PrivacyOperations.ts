/**
 * Erasing what is known of people, with a report, and handing out what is kept. For administrators; a user's own data also for that user.
 *
 * @module
 */
import { dataExported } from "@vigil/core/AuditChanges"
import { Principal } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { ErasureId, ErasureRequest, ErasureSelection } from "@vigil/core/Erasure"
import type { UserId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { DataExports } from "@vigil/core/port/DataExports"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { carryOutOrLater } from "@vigil/core/privacy/CarryOutErasure"
import { UserStore } from "@vigil/core/port/UserStore"
import { Effect, Fiber } from "effect"
import { exportArchive } from "../privacy/ExportArchive.js"

const what = "erasing events, and the reports of it"

export const previewErasure = (selection: ErasureSelection) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin", what)
    return yield* (yield* ErasureStore).preview(tenantId, selection)
  })

/** How long the answer waits for the work to be done. */
const patience = "5 seconds"

/** Answers how far it is then. It goes on to its end whoever waits. */
export const eraseEvents = (request: ErasureRequest) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin", what)
    const { begin, get } = yield* ErasureStore
    const begun = yield* begin(tenantId, request)
    const working = yield* Effect.forkDaemon(carryOutOrLater(begun))
    yield* Effect.timeoutOption(Fiber.await(working), patience)
    return yield* get(tenantId, begun.id)
  }).pipe(inCallersName)

export const listErasures = Effect.gen(function* () {
  const { tenantId } = yield* authorize("admin", what)
  return yield* (yield* ErasureStore).list(tenantId)
})

export const getErasure = (id: ErasureId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin", what)
    return yield* (yield* ErasureStore).get(tenantId, id)
  })

/** All that is kept of the tenant, as an archive that is made while it is read. */
export const exportTenant = Effect.gen(function* () {
  const user = yield* authorize("admin", "all that is kept of the tenant")
  const { ofTenant } = yield* DataExports
  yield* (yield* AuditStore).append(user.tenantId, dataExported({ type: "tenant", id: user.tenantId }))
  return exportArchive(ofTenant(user.tenantId), { type: "tenant", id: user.tenantId, madeBy: user.username })
}).pipe(inCallersName)

/** All that is kept of a user. */
export const exportUser = (id: UserId) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    if (user.id !== id) yield* authorize("admin", "what is kept of others")
    const subject = yield* (yield* UserStore).get(user.tenantId, id)
    const { ofUser } = yield* DataExports
    yield* (yield* AuditStore).append(user.tenantId, dataExported({ type: "user", id: subject.id }))
    return exportArchive(ofUser(user.tenantId, subject.id), { type: "user", id: subject.id, madeBy: user.username })
  }).pipe(inCallersName)
