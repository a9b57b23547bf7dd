import { Principal } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { Grants } from "@vigil/core/Grants"
import type { UserId } from "@vigil/core/Ids"
import { GrantStore } from "@vigil/core/port/GrantStore"
import { UserStore } from "@vigil/core/port/UserStore"
import { Effect } from "effect"

export const ownGrants = Effect.gen(function* () {
  const { user } = yield* Principal
  return yield* (yield* GrantStore).get(user.tenantId, user.id)
})

export const userGrants = (id: UserId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* UserStore).get(tenantId, id)
    return yield* (yield* GrantStore).get(tenantId, id)
  })

export const setUserGrants = (id: UserId, grants: Grants, expectedRevision?: number) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* GrantStore).set(tenantId, id, grants, expectedRevision)
  }).pipe(inCallersName)
