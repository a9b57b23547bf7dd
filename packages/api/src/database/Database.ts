import { SqlError } from "@effect/sql/SqlError"
import type { SqlClient } from "@effect/sql/SqlClient"
import { Principal } from "@vigil/core/contract/Principal"
import type { TenantId } from "@vigil/core/Ids"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Cause, Context, Effect, Layer, Option, ParseResult } from "effect"
import { type ConnectionOptions, describe, makePool, statements } from "./Connection.js"
import { inTransaction, type Step } from "./Transaction.js"

/** Errors of statements and of rows that cannot be read; they become `StoreUnavailable`. */
type RowError = SqlError | ParseResult.ParseError

/** Statements and what they need, run by {@link Database} in one transaction. */
type Work<A, E, R> = (sql: SqlClient) => Effect.Effect<A, E | RowError, R>

/**
 * The only way to the tables. Every piece of work is one transaction under a role that row-level security holds for: `tenant` sees
 * one tenant's rows, and of those no more than is in reach of the person whose call is served (`GrantStore`), `system` all. All or nothing is written; an absent, hung or failing server ends in `StoreUnavailable`
 * within seconds, and the next piece of work tries anew. Rows that are read to be changed are locked `for no key update`: what only refers to them, as a new
 * session does to its user, neither waits nor locks itself out with it.
 */
export class Database extends Context.Tag("@vigil/api/Database")<
  Database,
  {
    readonly tenant: <A, E, R>(
      operation: string,
      tenant: TenantId,
      work: Work<A, E, R>
    ) => Effect.Effect<A, Exclude<E, RowError> | StoreUnavailable, R>
    readonly system: <A, E, R>(
      operation: string,
      work: Work<A, E, R>
    ) => Effect.Effect<A, Exclude<E, RowError> | StoreUnavailable, R>
    readonly connection: ConnectionOptions
  }
>() {}

const poolSize = 10
const limits = { server: 5000, client: 6000 }

const isRowError = (error: unknown): error is RowError => error instanceof SqlError || ParseResult.isParseError(error)

const unavailable = (operation: string, error: RowError): StoreUnavailable =>
  new StoreUnavailable({
    operation,
    detail: error instanceof SqlError ? describe(error) : `a stored row cannot be read: ${error.message}`
  })

/** A broken connection fails the statement, and then the rollback dies with it: both are the database's. */
const narrow = <E>(
  operation: string,
  cause: Cause.Cause<E | RowError>
): Effect.Effect<never, Exclude<E, RowError> | StoreUnavailable> => {
  for (const error of [...Cause.failures(cause), ...Cause.defects(cause)]) {
    if (isRowError(error)) return Effect.fail(unavailable(operation, error))
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop has found that no failure in it is a RowError
  return Effect.failCause(cause as Cause.Cause<Exclude<E, RowError>>)
}

/** The user whose call is served, if it is a person's: read from the context, so that no statement can forget whom it is for. */
const userServed = Effect.map(Effect.serviceOption(Principal), Option.match({ onNone: () => "", onSome: ({ user }) => user.id }))

type DatabaseRole = "vigil_tenant" | "vigil_system"

const beginAs = (role: DatabaseRole, tenant: string, user: string): ReadonlyArray<Step> => [
  { text: "begin", values: [] },
  {
    text: "select set_config('role', $1, true), set_config('vigil.tenant', $2, true), set_config('vigil.user', $3, true)",
    values: [role, tenant, user]
  }
]

const make = (connection: ConnectionOptions) =>
  Effect.gen(function* () {
    const pool = yield* makePool(connection, limits, poolSize)
    const sql = yield* statements

    const transaction = <A, E, R>(operation: string, role: DatabaseRole, tenant: string, work: Work<A, E, R>) =>
      Effect.flatMap(userServed, (user) => inTransaction(pool, sql, beginAs(role, tenant, user), work)).pipe(
        Effect.catchAllCause((cause) => narrow<E>(operation, cause))
      )

    return Database.of({
      tenant: (operation, tenant, work) => transaction(operation, "vigil_tenant", tenant, work),
      system: (operation, work) => transaction(operation, "vigil_system", "", work),
      connection
    })
  })

export const layerDatabase = (connection: ConnectionOptions): Layer.Layer<Database, SqlError> =>
  Layer.scoped(Database, make(connection))
