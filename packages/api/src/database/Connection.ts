import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Redacted, type Scope } from "effect"
import * as Reactivity from "@effect/experimental/Reactivity"
import pg from "pg"
import type { EmbeddedServer } from "./EmbeddedPostgres.js"

/** How to reach a PostgreSQL server, as `pg` takes it. */
export type ConnectionOptions = pg.ClientConfig

/** Milliseconds until an attempt to connect is given up. */
const connectLimit = 3000

export const toEmbedded = (server: EmbeddedServer): ConnectionOptions => ({
  host: server.socketFolder,
  port: server.port,
  user: server.user,
  password: Redacted.value(server.password),
  database: server.database
})

export const toUrl = (url: Redacted.Redacted): ConnectionOptions => ({ connectionString: Redacted.value(url) })

/** The server's address for people: never with user or password. */
export const addressOf = ({ connectionString, host, port }: ConnectionOptions): string => {
  const parsed = connectionString === undefined ? null : URL.parse(connectionString)
  if (parsed !== null) return `PostgreSQL ${parsed.host}${parsed.pathname}`
  return host === undefined ? "PostgreSQL" : `PostgreSQL ${host}:${port ?? 5432}`
}

/** Milliseconds after which the server, and then we, give a statement up; 0 for never. */
export interface StatementLimits {
  readonly server: number
  readonly client: number
}

const options = (to: ConnectionOptions, limits: StatementLimits): pg.ClientConfig => ({
  ...to,
  application_name: to.application_name ?? "vigil",
  connectionTimeoutMillis: connectLimit,
  statement_timeout: limits.server,
  query_timeout: limits.client,
  idle_in_transaction_session_timeout: 15_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000
})

/** Connections that are opened when they are needed: an absent server is no error yet. */
export const makePool = (
  to: ConnectionOptions,
  limits: StatementLimits,
  maxConnections: number
): Effect.Effect<pg.Pool, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new pg.Pool({ ...options(to, limits), max: maxConnections, idleTimeoutMillis: 60_000 })
      // A connection that breaks leaves the pool by itself; whoever uses it, or asks next, gets a new one or its error.
      pool.on("error", () => undefined)
      pool.on("connect", (client) => client.on("error", () => undefined))
      return pool
    }),
    (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption("2 seconds"))
  )

/** Statements over such a pool. */
export const overPool = (pool: pg.Pool): Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope> =>
  PgClient.fromPool({ acquire: Effect.succeed(pool) }).pipe(Effect.provide(Reactivity.layer))

/** What statements are written with that are run in transactions only (`Transaction`): whatever would leave that of its caller is a defect. */
export const statements: Effect.Effect<SqlClient.SqlClient> = SqlClient.make({
  acquirer: Effect.dieMessage("a statement outside of a transaction"),
  compiler: PgClient.makeCompiler(),
  spanAttributes: []
}).pipe(Effect.provide(Reactivity.layer))

/** A pool, and statements over it. */
export const openPool = (
  to: ConnectionOptions,
  limits: StatementLimits,
  maxConnections: number
): Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope> => Effect.flatMap(makePool(to, limits, maxConnections), overPool)

/** One connection of its own, for LISTEN. */
export const openClient = (to: ConnectionOptions): pg.Client => new pg.Client(options(to, { server: 5000, client: 5000 }))

/** SQLSTATE of the error, where the server sent one. */
export const sqlState = (error: SqlError): string | undefined => {
  const { cause } = error
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}

/** A row that may be there once is there already (unique_violation). */
export const isDuplicate = (error: unknown): boolean => error instanceof SqlError && sqlState(error) === "23505"

/** What went wrong, in the words of the server or the operating system. Never has values of rows. */
export const describe = (error: SqlError): string => {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  // Several addresses were tried (localhost): Node says nothing in the error itself.
  const text = cause instanceof AggregateError ? cause.errors.map(String).join("; ") : cause.message
  const code = sqlState(error)
  return code === undefined || text.includes(code) ? text : `${text} (${code})`
}
