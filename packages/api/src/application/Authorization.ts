import { Forbidden, Principal } from "@vigil/core/contract/Principal"
import { permits, type Role, type User } from "@vigil/core/User"
import { Effect } from "effect"

/** The user who makes the call, if the role allows it. `what` is told whom it does not. */
export const authorize = (needed: Role, what?: string): Effect.Effect<User, Forbidden, Principal> =>
  Effect.flatMap(Principal, (user) =>
    permits(user.role, needed) ? Effect.succeed(user) : Effect.fail(new Forbidden({ needed, role: user.role, what }))
  )
