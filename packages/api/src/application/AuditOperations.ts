import type { AuditQuery } from "@vigil/core/AuditEntry"
import type { AuditMark } from "@vigil/core/AuditVerification"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { Effect } from "effect"
import { authorize } from "@vigil/core/control/Authorization"

export const queryAudit = (query: AuditQuery) =>
  Effect.gen(function* () {
    const user = yield* authorize("admin")
    return yield* (yield* AuditStore).query(user.tenantId, query)
  })

export const verifyAudit = (noted?: AuditMark) =>
  Effect.gen(function* () {
    const user = yield* authorize("admin")
    return yield* (yield* AuditStore).verify(user.tenantId, noted)
  })
