import { Forbidden } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { defaultTenant } from "@vigil/core/Ids"
import type { KeyRotation } from "@vigil/core/KeyRotation"
import { KeyRotator } from "@vigil/core/port/KeyRotator"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import { Effect, Option, Stream } from "effect"
import { AccessTokens } from "../auth/AccessTokens.js"

const what = "keeping the keys of the installation"

/** The keys are of all tenants. */
const installer = Effect.gen(function* () {
  const user = yield* authorize("admin", what)
  return user.tenantId === defaultTenant ? user : yield* new Forbidden({ needed: "admin", role: user.role, what })
})

export const keyStatus = Effect.zipRight(
  installer,
  Effect.flatMap(KeyRotator, ({ status }) => status)
)

/** How far it is, step by step. */
export const watchRotation = Stream.unwrap(
  Effect.gen(function* () {
    const user = yield* installer
    const { rotate } = yield* KeyRotator
    const author = yield* ChangeAuthor
    return Stream.provideService(rotate(user.tenantId), ChangeAuthor, author)
  }).pipe(inCallersName)
)

const nothing: KeyRotation = { key: "00000000", done: 0, total: 0, unreadable: 0, finished: false, environment: false }

/** How it ended. */
export const rotateKeys = Effect.map(
  Stream.runLast(watchRotation),
  Option.getOrElse(() => nothing)
)

/** Access tokens are signed with a fresh key from now on; with `only`, those that were signed before are not good any more. */
export const rotateSigningKey = (only: boolean) =>
  Effect.gen(function* () {
    const { tenantId } = yield* installer
    return yield* (yield* AccessTokens).rotate(tenantId, only)
  }).pipe(inCallersName)
