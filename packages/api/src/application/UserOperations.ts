/**
 * The tenant's users, for administrators: who may sign in, and as what.
 *
 * @module
 */
import type { ProfileChange } from "@vigil/core/Account"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { UserId } from "@vigil/core/Ids"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { type UserConfiguration, UserStore } from "@vigil/core/port/UserStore"
import type { Expected } from "@vigil/core/port/Expected"
import type { Role, User } from "@vigil/core/User"
import { Effect, Option, type Redacted } from "effect"
import { Accounts } from "../auth/Accounts.js"
import { PasswordResets } from "../auth/PasswordResets.js"
import { Sessions } from "../auth/Sessions.js"

interface NewPerson extends ProfileChange {
  readonly username: string
  readonly role: Role
  readonly password?: Redacted.Redacted | undefined
}

interface UserChange {
  readonly role?: Role | undefined
  readonly password?: Redacted.Redacted | undefined
  readonly disabled?: boolean | undefined
}

export const listUsers = Effect.gen(function* () {
  const { tenantId } = yield* authorize("admin")
  return yield* (yield* UserStore).list(tenantId)
})

export const getUser = (id: UserId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* UserStore).get(tenantId, id)
  })

/** Whoever is given no password is mailed a link to choose one; `url` is this Vigil's own, as browsers reach it. */
export const createUser = ({ password, role, username, ...profile }: NewPerson, url: string) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const resets = yield* PasswordResets
    if (password === undefined) yield* resets.checkRecipient(profile.email)
    const user = yield* (yield* Accounts).create(tenantId, { username, role, password, profile })
    // Removed by somebody else already: there is nobody to invite.
    if (password === undefined) yield* Effect.catchTag(resets.invite(user, url), "UserNotFound", () => Effect.void)
    return user
  }).pipe(inCallersName)

export const changeUser = (id: UserId, { disabled, password, role }: UserChange, expected?: Expected<User>) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* Accounts).change(tenantId, id, { role, password, disabled }, expected)
  }).pipe(inCallersName)

/** All of it at once, or nothing. Who gets another role, or is disabled, is signed out. */
export const configureUser = (id: UserId, configuration: UserConfiguration) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const user = yield* (yield* UserStore).configure(tenantId, id, configuration)
    if (configuration.role === undefined && configuration.disabled === undefined) return user
    yield* (yield* SessionStore).revokeAll(id, Option.none())
    yield* (yield* Sessions).forget
    return user
  }).pipe(inCallersName)

export const removeUser = (id: UserId, expected?: Expected<User>) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* UserStore).remove(tenantId, id, expected)
    yield* (yield* Sessions).forget
  }).pipe(inCallersName)

export const sendPasswordLink = (id: UserId, url: string) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* PasswordResets).invite(yield* (yield* UserStore).get(tenantId, id), url)
  }).pipe(inCallersName)
