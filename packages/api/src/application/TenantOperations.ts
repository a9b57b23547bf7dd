import { TenantStore } from "@vigil/core/port/TenantStore"
import { Effect } from "effect"
import { isLocalOperator } from "../auth/LocalOperator.js"
import { authorize } from "@vigil/core/control/Authorization"

/** The operator of the machine sees all tenants, an administrator only the own one. */
export const listTenants = Effect.gen(function* () {
  const user = yield* authorize("admin")
  const store = yield* TenantStore
  return yield* isLocalOperator(user) ? store.all : store.own(user.tenantId)
})
