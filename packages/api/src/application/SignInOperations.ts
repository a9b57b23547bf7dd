/**
 * How the tenant's users come in: its policy, their sessions and second factors; for administrators.
 *
 * @module
 */
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { UserId } from "@vigil/core/Ids"
import type { Expected } from "@vigil/core/port/Expected"
import { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { UserStore } from "@vigil/core/port/UserStore"
import type { SignInPolicy } from "@vigil/core/SecondFactor"
import type { SessionId } from "@vigil/core/Session"
import { Data, Effect, Option } from "effect"
import { SecondFactors } from "../auth/SecondFactors.js"
import { Sessions } from "../auth/Sessions.js"

/** The user has no such session. */
export class SessionNotFound extends Data.TaggedError("SessionNotFound")<{ readonly sessionId: SessionId }> {
  override get message() {
    return `there is no session ${this.sessionId}`
  }
}

export const signInPolicy = Effect.gen(function* () {
  const { tenantId } = yield* authorize("viewer")
  return yield* (yield* SecondFactorStore).policy(tenantId)
})

export const setSignInPolicy = (policy: SignInPolicy, expected?: Expected<SignInPolicy>) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const now = yield* (yield* SecondFactorStore).setPolicy(tenantId, policy, expected)
    yield* (yield* Sessions).forget
    return now
  }).pipe(inCallersName)

/** A user of the administrator's own tenant. */
const subject = (id: UserId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* UserStore).get(tenantId, id)
  })

export const sessionsOf = (id: UserId) =>
  Effect.gen(function* () {
    const user = yield* subject(id)
    return yield* (yield* SessionStore).list(user.id)
  })

export const revokeSessionsOf = (id: UserId) =>
  Effect.gen(function* () {
    const user = yield* subject(id)
    const store = yield* SessionStore
    // Each is told in the audit trail; what was begun meanwhile ends too.
    for (const session of yield* store.list(user.id)) yield* store.revoke(user.id, session.id)
    yield* store.revokeAll(user.id, Option.none())
    yield* (yield* Sessions).forget
  }).pipe(inCallersName)

export const revokeSessionOf = (id: UserId, sessionId: SessionId) =>
  Effect.gen(function* () {
    const user = yield* subject(id)
    const found = yield* (yield* SessionStore).revoke(user.id, sessionId)
    yield* (yield* Sessions).forget
    if (!found) return yield* new SessionNotFound({ sessionId })
  }).pipe(inCallersName)

export const secondFactorOf = (id: UserId) =>
  Effect.gen(function* () {
    const user = yield* subject(id)
    return yield* (yield* SecondFactors).status(user)
  })

export const resetSecondFactorOf = (id: UserId) =>
  Effect.gen(function* () {
    const user = yield* subject(id)
    yield* (yield* SecondFactors).remove(user, "administrator")
    yield* (yield* Sessions).forget
  }).pipe(inCallersName)
