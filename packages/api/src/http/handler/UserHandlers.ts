import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { UserStore } from "@vigil/core/port/UserStore"
import { Effect } from "effect"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { Accounts } from "../../auth/Accounts.js"
import { Sessions } from "../../auth/Sessions.js"
import { toProblem } from "../ToProblem.js"

export const layerUserHandlers = HttpApiBuilder.group(VigilApi, "users", (handlers) =>
  handlers
    .handle("list", () =>
      Effect.gen(function* () {
        const { tenantId } = yield* authorize("admin")
        return yield* (yield* UserStore).list(tenantId)
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("create", ({ payload }) =>
      Effect.gen(function* () {
        const { tenantId } = yield* authorize("admin")
        return yield* (yield* Accounts).create(tenantId, payload)
      }).pipe(inCallersName, Effect.mapError(toProblem))
    )
    .handle("change", ({ path: { id }, payload: { password, role } }) =>
      Effect.gen(function* () {
        const { tenantId } = yield* authorize("admin")
        return yield* (yield* Accounts).change(tenantId, id, { role, password })
      }).pipe(inCallersName, Effect.mapError(toProblem))
    )
    .handle("remove", ({ path: { id } }) =>
      Effect.gen(function* () {
        const { tenantId } = yield* authorize("admin")
        yield* (yield* UserStore).remove(tenantId, id)
        yield* (yield* Sessions).forget
      }).pipe(inCallersName, Effect.mapError(toProblem))
    )
)
