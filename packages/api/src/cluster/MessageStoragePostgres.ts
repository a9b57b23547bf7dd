import { type MessageStorage, type ShardingConfig, SqlMessageStorage } from "@effect/cluster"
import type { PgClient } from "@effect/sql-pg/PgClient"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Layer, Schedule } from "effect"
import { createHash } from "node:crypto"
import { type ConnectionOptions, describe, openPool } from "../database/Connection.js"

const poolSize = 4
const limits = { server: 5000, client: 6000 }
const cleanUpInterval = "10 minutes"
/** Rows of one clean-up statement. */
const batch = 5000

export interface MessageStorageOptions {
  readonly connection: ConnectionOptions
  readonly cluster: string
  /** Hours after which a message that was answered, and its answers, are deleted. */
  readonly keep: number
}

/** Names of tables have 63 bytes and few characters; clusters' names that differ in others must not share tables. */
const prefixOf = (cluster: string): string => {
  const readable = cluster
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "_")
    .slice(0, 12)
  return `cluster_${readable}_${createHash("sha256").update(cluster).digest("hex").slice(0, 8)}`
}

/**
 * Deletes messages that were answered long ago; their ids are snowflakes, of which the upper bits are milliseconds since 2025. Answers the number of messages.
 */
const cleanUp = (sql: PgClient, prefix: string, keep: number) => {
  const messages = sql(`${prefix}_messages`)
  const replies = sql(`${prefix}_replies`)
  const limit = (BigInt(Date.now() - keep * 3_600_000) - BigInt(Date.UTC(2025, 0, 1))) << 22n
  return sql.withTransaction(
    Effect.gen(function* () {
      const old = yield* sql<{ readonly id: string }>`delete from ${messages} where id in (
        select id from ${messages} where processed and id < ${limit.toString()}::bigint limit ${batch}
      ) returning id`
      const ids = old.map(({ id }) => id)
      if (ids.length > 0) yield* sql`delete from ${replies} where ${sql.in("request_id", ids)}`
      return ids.length
    })
  )
}

/**
 * Messages of entities that must outlive a restart, in tables of the cluster's own (`cluster_<name>_...`), made at start. Vigil's own entities need none.
 * Answered messages are deleted after some hours.
 *
 * @public for embedders with entities of their own
 */
export const layerMessageStoragePostgres = (
  options: MessageStorageOptions
): Layer.Layer<MessageStorage.MessageStorage, SqlError, ShardingConfig.ShardingConfig> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const prefix = prefixOf(options.cluster)
      const sql = yield* openPool(options.connection, limits, poolSize)
      const sweep = cleanUp(sql, prefix, options.keep).pipe(
        Effect.repeat({ while: (deleted) => deleted === batch }),
        Effect.catchAll((error) => Effect.logDebug(`old messages could not be deleted: ${describe(error)}`)),
        Effect.repeat(Schedule.spaced(cleanUpInterval))
      )
      return Layer.scopedDiscard(Effect.forkScoped(sweep)).pipe(
        Layer.provideMerge(SqlMessageStorage.layerWith({ prefix })),
        Layer.provide(Layer.succeed(SqlClient, sql))
      )
    })
  )
