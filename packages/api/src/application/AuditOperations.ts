import type { AuditQuery } from "@vigil/core/AuditEntry"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { Effect } from "effect"
import { authorize } from "./Authorization.js"

export const queryAudit = (query: AuditQuery) =>
  Effect.gen(function* () {
    const user = yield* authorize("admin")
    return yield* (yield* AuditStore).query(user.tenantId, query)
  })
