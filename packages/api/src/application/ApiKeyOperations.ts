/**
 * API keys: everybody's own, and all of the tenant's for administrators. Keys cannot make keys: no scope holds these calls.
 *
 * @module
 */
import { type ApiKeyId, type NewApiKey, roleOfScope } from "@vigil/core/ApiKey"
import { Forbidden, Principal } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import { UserStore } from "@vigil/core/port/UserStore"
import { permits, type User } from "@vigil/core/User"
import { Array, Data, DateTime, Effect, Option } from "effect"
import { ApiKeys, newApiKey } from "../auth/ApiKeys.js"
import { hashToken } from "../auth/Token.js"

/** Whose keys the caller may see and revoke; none: everybody's. */
const reach = ({ id, role }: User) => (permits(role, "admin") ? Option.none() : Option.some(id))

export const listApiKeys = Effect.gen(function* () {
  const { user } = yield* Principal
  return yield* (yield* ApiKeyStore).list(user.tenantId, reach(user))
})

const ownerOf = (wanted: NewApiKey) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    if (wanted.owner === undefined || wanted.owner === user.id) return user
    yield* authorize("admin", "a key for somebody else")
    return yield* (yield* UserStore).get(user.tenantId, wanted.owner)
  })

/** A key that nothing could be done with. */
export class ExpiryPassed extends Data.TaggedError("ExpiryPassed") {
  override get message() {
    return "an API key must expire in the future, or never"
  }
}

export const createApiKey = (wanted: NewApiKey) =>
  Effect.gen(function* () {
    if (wanted.expiresAt !== undefined && DateTime.lessThanOrEqualTo(wanted.expiresAt, yield* DateTime.now))
      return yield* new ExpiryPassed()
    const owner = yield* ownerOf(wanted)
    for (const scope of wanted.scopes) {
      const needed = roleOfScope(scope)
      if (!permits(owner.role, needed)) return yield* new Forbidden({ needed, role: owner.role, what: `the scope ${scope}` })
    }
    const { hint, key } = newApiKey()
    const made = yield* (yield* ApiKeyStore).create(owner.tenantId, owner.id, {
      ...wanted,
      scopes: Array.dedupe(wanted.scopes),
      hint,
      keyHash: hashToken(key)
    })
    return { ...made, key }
  }).pipe(inCallersName)

export const revokeApiKey = (id: ApiKeyId) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    yield* (yield* ApiKeyStore).remove(user.tenantId, id, reach(user))
    yield* (yield* ApiKeys).forget
  }).pipe(inCallersName)
