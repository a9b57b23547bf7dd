import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Effect, ParseResult } from "effect"

/**
 * A step of the database's structure. Steps are never changed once they were released, only followed by others; each runs in one
 * transaction as the login account.
 */
export interface Migration {
  readonly id: number
  readonly name: string
  readonly statements: ReadonlyArray<string>
  /** What SQL cannot say, after the statements and in their transaction. */
  readonly finish?: (sql: SqlClient) => Effect.Effect<void, SqlError | ParseResult.ParseError>
}
