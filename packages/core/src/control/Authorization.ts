import { Effect } from "effect"
import type { ApiKeyScope } from "../ApiKey.js"
import { inNameOf } from "../ChangeAuthor.js"
import { Forbidden, Principal, ScopeMissing } from "../contract/Principal.js"
import { OutOfReach } from "../port/GrantStore.js"
import { permits, type Role, type User } from "../User.js"

/** The user who makes the call, if the role allows it. `what` is told whom it does not. */
export const authorize = (needed: Role, what?: string): Effect.Effect<User, Forbidden, Principal> =>
  Effect.flatMap(Principal, ({ user }) =>
    permits(user.role, needed) ? Effect.succeed(user) : Effect.fail(new Forbidden({ needed, role: user.role, what }))
  )

/** Lets a caller on whose credentials are good for the call: of API keys only those with the scope; none where the call has none. */
export const withScope = (
  caller: typeof Principal.Service,
  needed: ApiKeyScope | "any" | undefined
): Effect.Effect<typeof Principal.Service, ScopeMissing> => {
  if (caller.key === undefined || needed === "any") return Effect.succeed(caller)
  return needed !== undefined && caller.key.scopes.includes(needed)
    ? Effect.succeed(caller)
    : new ScopeMissing({ needed: needed ?? null })
}

const isOutOfReach = (error: unknown): error is OutOfReach => error instanceof OutOfReach

/** Says to whoever is limited to places and groups that what is to be written is outside of them. */
export const allowedWithinReach = <A, E, R>(work: Effect.Effect<A, E | OutOfReach, R>) =>
  Effect.catchIf(work, isOutOfReach, ({ what }) =>
    Effect.flatMap(
      Principal,
      ({ user: { role } }) => new Forbidden({ needed: "admin", role, what: `a ${what} outside of your places and groups` })
    )
  )

/** Makes what is changed the caller's in the audit trail, with the name of the API key if it was one. */
export const inCallersName = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Principal> =>
  Effect.flatMap(Principal, ({ address, key, user: { id, username } }) =>
    inNameOf({ id, username: key === undefined ? username : `${username} (API key ${key.name})` }, address)(work)
  )
