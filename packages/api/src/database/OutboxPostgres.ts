import type { SqlClient } from "@effect/sql/SqlClient"
import { BusMessage, encodeBusMessage, subjectId } from "@vigil/core/BusMessage"
import { Outbox } from "@vigil/core/port/Outbox"
import { Effect, Layer, Option, Schema } from "effect"
import { changeFeed } from "./ChangeFeed.js"
import { Database } from "./Database.js"
import { lastly, soon } from "./Transaction.js"

const channel = "vigil_outbox"
const pollInterval = 5000
/** Advisory lock of this database that whoever relays holds: `vout` in ASCII. */
const relayLock = 0x766f7574
/** Messages of one transaction, and how many of them are on their way at a time. */
const batchSize = 100
const concurrency = 16

const decodeMessage = Schema.decodeUnknown(BusMessage)

interface OutboxRow {
  readonly id: string
  readonly message: unknown
}

/** Adds messages in the transaction of the change that they tell of. */
export const writeOutbox = (sql: SqlClient, messages: ReadonlyArray<BusMessage>) =>
  Effect.gen(function* () {
    if (messages.length === 0) return
    const rows = messages.map((message) => ({
      tenant_id: message.tenantId,
      camera_id: subjectId(message),
      message: JSON.stringify(encodeBusMessage(message))
    }))
    yield* sql`insert into outbox ${sql.insert(rows)}`
    yield* sql`select pg_notify(${channel}, '')`
  }).pipe(soon)

/** A message that cannot be read stays, and with it those of its camera that follow: a newer node wrote it, and relays it. */
const readable = ({ id, message }: OutboxRow) =>
  decodeMessage(message).pipe(
    Effect.asSome,
    Effect.catchTag("ParseError", (error) =>
      Effect.as(Effect.logWarning(`message ${id} of the outbox: ${error.message}`), Option.none())
    )
  )

const make = Effect.gen(function* () {
  const database = yield* Database

  const depth = database.system("count messages to publish", (sql) =>
    Effect.map(lastly(sql<{ readonly count: string }>`select count(*) from outbox`), ([row]) => Number(row?.count ?? 0))
  )

  return Outbox.of({
    relay: (publish) =>
      database.system("publish messages", (sql) =>
        Effect.gen(function* () {
          // Two statements, one round trip: what the second one sees is what there is once the lock is held.
          yield* soon(sql`select set_config('vigil.relays', pg_try_advisory_xact_lock(${relayLock})::text, true)`)
          const rows = yield* sql<OutboxRow>`select id, message from outbox o
            where current_setting('vigil.relays')::boolean
              and not exists (select from outbox e where e.camera_id = o.camera_id and e.id < o.id)
            order by id limit ${batchSize}`
          let isAway = false
          const done = yield* Effect.filter(
            rows,
            (row) =>
              Effect.gen(function* () {
                const message = yield* readable(row)
                if (isAway || Option.isNone(message)) return false
                const published = yield* publish(message.value)
                isAway ||= !published
                return published
              }),
            { concurrency }
          )
          const ids = done.map(({ id }) => id)
          if (ids.length > 0) yield* lastly(sql`delete from outbox where ${sql.in("id", ids)}`)
          return ids.length
        })
      ),
    depth,
    changes: yield* changeFeed(database.connection, channel, Effect.map(depth, String), pollInterval)
  })
})

export const layerOutboxPostgres: Layer.Layer<Outbox, never, Database> = Layer.scoped(Outbox, make)
