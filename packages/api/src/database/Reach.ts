import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { OutOfReach } from "@vigil/core/port/GrantStore"
import { Effect } from "effect"
import { sqlState } from "./Connection.js"

const insufficientPrivilege = "42501"

/** Rows of the tenant from here to the end of the transaction are those in reach of this user; of an empty one: all. */
export const reachOf = (sql: SqlClient, user: string) => sql`select set_config('vigil.user', ${user}, true)`

/** Sees all of the tenant's rows, whomever the transaction is for: what is counted, or remembered for others, and not shown. */
export const overWholeTenant = <A, E, R>(sql: SqlClient, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.gen(function* () {
    const [row] = yield* sql<{ readonly user: string }>`select current_setting('vigil.user') as user`
    yield* reachOf(sql, "")
    const found = yield* work
    yield* reachOf(sql, row?.user ?? "")
    return found
  })

/** Refuses a row that would be out of reach of whoever writes it. */
export const withinReach =
  (what: OutOfReach["what"]) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | OutOfReach, R> =>
    Effect.catchIf(
      work,
      (error) => error instanceof SqlError && sqlState(error) === insufficientPrivilege,
      () => Effect.fail(new OutOfReach({ what }))
    )

const channel = "vigil_reach"

/** Whoever shows cameras to people looks again at which. */
export const tellReach = (sql: SqlClient) => sql`select pg_notify(${channel}, '')`

/** What {@link tellReach} is heard on. */
export const reachChannel = channel
