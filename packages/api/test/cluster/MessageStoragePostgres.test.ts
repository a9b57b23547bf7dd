import { MessageStorage, ShardingConfig } from "@effect/cluster"
import { describe, expect, layer } from "@effect/vitest"
import { layerMessageStoragePostgres } from "@vigil/api/cluster/MessageStoragePostgres"
import { Context, Effect, Layer, Schedule } from "effect"
import pg from "pg"
import { EmbeddedDatabase } from "../EmbeddedDatabase.js"

const query = <Row extends object>(text: string) =>
  Effect.gen(function* () {
    const { connection } = yield* EmbeddedDatabase
    return yield* Effect.promise(async () => {
      const client = new pg.Client(connection)
      await client.connect()
      try {
        return (await client.query<Row>(text)).rows
      } finally {
        await client.end()
      }
    })
  })

const open = (cluster: string) =>
  Effect.gen(function* () {
    const { connection } = yield* EmbeddedDatabase
    const context = yield* Layer.build(
      Layer.provide(layerMessageStoragePostgres({ connection, cluster, keep: 24 }), ShardingConfig.layer())
    )
    return Context.get(context, MessageStorage.MessageStorage)
  })

const tables = query<{ readonly name: string }>(
  "select tablename as name from pg_tables where tablename like 'cluster%messages' order by 1"
)

describe("message storage in PostgreSQL", () => {
  layer(EmbeddedDatabase.layer, { excludeTestServices: true })((it) => {
    it.effect("clusters have tables of their own; messages that were answered long ago are deleted, others stay", () =>
      Effect.gen(function* () {
        yield* Effect.scoped(Effect.all([open("East-1"), open("East_1")]))
        const [first, second, ...further] = (yield* tables).map(({ name }) => name)
        if (first === undefined || second === undefined) return yield* Effect.dieMessage("there are no tables")
        expect(further).toEqual([])
        // Ids are snowflakes: small ones are of the beginning of 2025.
        for (const table of [first, second]) {
          yield* query(`insert into ${table} (id, shard_id, entity_type, entity_id, kind, processed, request_id) values
            (1, 'default:1', 'E', 'e', 0, true, 1), (2, 'default:1', 'E', 'e', 0, false, 2)`)
          yield* query(
            `insert into ${table.replace(/messages$/, "replies")} (id, request_id, payload) values (3, 1, '{}'), (4, 2, '{}')`
          )
        }
        const left = Effect.forEach([first, second], (table) =>
          Effect.zip(
            query<{ readonly id: string }>(`select id from ${table} order by id`),
            query<{ readonly id: string }>(`select id from ${table.replace(/messages$/, "replies")} order by id`)
          ).pipe(Effect.map((rows) => rows.map((some) => some.map(({ id }) => id).join())))
        )
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* open("East-1")
            yield* left.pipe(
              Effect.repeat({
                until: (all) => all.filter(([messages]) => messages === "2").length === 1,
                schedule: Schedule.spaced("50 millis")
              }),
              Effect.timeout("60 seconds")
            )
          })
        )
        const all = yield* left
        expect([...all].sort(([a], [b]) => (a ?? "").localeCompare(b ?? ""))).toEqual([
          ["1,2", "3,4"],
          ["2", "4"]
        ])
      })
    )
  })
})
