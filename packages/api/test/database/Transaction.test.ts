import type { SqlClient } from "@effect/sql/SqlClient"
import { describe, expect, layer } from "@effect/vitest"
import { makePool, overPool, sqlState, statements } from "@vigil/api/database/Connection"
import { inTransaction, lastly, soon, type Step } from "@vigil/api/database/Transaction"
import { Effect, Fiber, Schedule, Tracer } from "effect"
import { EmbeddedDatabase } from "../EmbeddedDatabase.js"

const begin: ReadonlyArray<Step> = [
  { text: "begin", values: [] },
  { text: "select set_config('vigil.tenant', $1, true)", values: ["here"] }
]

/** A pool, of one connection where whoever comes next must be given the same, and how often it was asked. */
const setUp = Effect.fn(function* (connections: number = 1) {
  const { connection } = yield* EmbeddedDatabase
  const pool = yield* makePool(connection, { server: 0, client: 0 }, connections)
  const sql = yield* overPool(pool)
  const written = yield* statements
  let trips = 0
  pool.on("connect", (client) => {
    const query = client.query.bind(client)
    Object.assign(client, {
      query: (...words: Parameters<typeof query>) => {
        trips++
        return query(...words)
      }
    })
  })
  yield* sql`drop table if exists notes`
  yield* sql`create table notes (n int unique)`
  const run = <A, E>(work: (sql: SqlClient) => Effect.Effect<A, E>, steps = begin) =>
    Effect.suspend(() => {
      trips = 0
      return inTransaction(pool, written, steps, work)
    })
  const notes = Effect.map(sql<{ readonly n: number }>`select n from notes order by n`, (rows) => rows.map(({ n }) => n))
  /** What the next who is given the connection is. */
  const left = sql`select coalesce(current_setting('vigil.tenant', true), '') as tenant, pg_current_xact_id_if_assigned() as open`
  return { sql, run, notes, left, trips: () => trips }
})

const clean = [{ tenant: "", open: null }]

describe("a transaction", () => {
  layer(EmbeddedDatabase.layer, { excludeTestServices: true })((it) => {
    it.scoped("takes one round trip where its last statement is its first", () =>
      Effect.gen(function* () {
        const { left, notes, run, trips } = yield* setUp()
        const tenant = "select current_setting('vigil.tenant') as tenant"
        for (const ask of [
          (sql: SqlClient) => sql`select current_setting('vigil.tenant') as tenant`,
          (sql: SqlClient) => sql.unsafe(tenant)
        ]) {
          expect(yield* run((sql) => lastly(ask(sql)))).toEqual([{ tenant: "here" }])
          expect(trips()).toBe(1)
        }
        yield* run((sql) => lastly(sql`insert into notes values (1)`))
        expect(trips()).toBe(1)
        expect(yield* notes).toEqual([1])
        expect(yield* left).toEqual(clean)
      })
    )

    it.scoped("sends what nobody waits for with the next statement, or with its end, in order", () =>
      Effect.gen(function* () {
        const { notes, run, trips } = yield* setUp()
        const seen = yield* run((sql) =>
          Effect.gen(function* () {
            yield* soon(sql`insert into notes values (1)`)
            yield* soon(Effect.zipRight(sql`insert into notes values (2)`, sql`update notes set n = n + 10`))
            const rows = yield* sql`select n from notes order by n`
            yield* soon(sql`insert into notes values (3)`)
            return rows
          })
        )
        expect(seen).toEqual([{ n: 11 }, { n: 12 }])
        expect(trips()).toBe(2)
        expect(yield* notes).toEqual([3, 11, 12])
        yield* run(() => Effect.void)
        expect(trips()).toBe(0)
      })
    )

    it.scoped("is whole or not at all, whatever fails in it", () =>
      Effect.gen(function* () {
        const { left, notes, run } = yield* setUp()
        const one = (sql: SqlClient) => sql`insert into notes values (1)`
        yield* Effect.flip(run((sql) => Effect.zipRight(one(sql), Effect.fail("no"))))
        yield* Effect.flip(run((sql) => Effect.zipRight(soon(one(sql)), Effect.zipRight(sql`select 1`, Effect.fail("no")))))
        for (const work of [
          (sql: SqlClient) => Effect.zipRight(soon(one(sql)), soon(one(sql))),
          (sql: SqlClient) => Effect.zipRight(soon(one(sql)), lastly(one(sql))),
          (sql: SqlClient) => Effect.zipRight(soon(Effect.zipRight(one(sql), one(sql))), lastly(sql`select 1`)),
          (sql: SqlClient) => Effect.zipRight(one(sql), one(sql))
        ]) {
          const error = yield* Effect.flip(run(work))
          expect(sqlState(error)).toBe("23505")
          expect(yield* left).toEqual(clean)
        }
        // Whoever goes on after an error is not told that it was written.
        const swallowed = yield* Effect.flip(run((sql) => Effect.zipRight(one(sql), Effect.option(Effect.asVoid(one(sql))))))
        expect(swallowed.message).toMatch(/failed/i)
        expect(yield* notes).toEqual([])
      })
    )

    it.scoped("does nothing where it cannot begin as it should", () =>
      Effect.gen(function* () {
        const { left, notes, run } = yield* setUp()
        const unknownRole = [...begin, { text: "select set_config('role', $1, true)", values: ["nobody_there"] }]
        const error = yield* Effect.flip(run((sql) => lastly(sql`insert into notes values (1)`), unknownRole))
        expect(sqlState(error)).toBe("22023")
        expect(yield* notes).toEqual([])
        expect(yield* left).toEqual(clean)
      })
    )

    it.scoped("takes no statement after its last", () =>
      Effect.gen(function* () {
        const { left, run } = yield* setUp()
        const exit = yield* Effect.exit(run((sql) => Effect.zipRight(lastly(sql`select 1`), sql`insert into notes values (1)`)))
        expect(String(exit)).toContain("a statement after the last")
        expect(yield* left).toEqual(clean)
      })
    )

    it.scoped("has each statement in the trace of what it is for, where there is one", () =>
      Effect.gen(function* () {
        const { run } = yield* setUp()
        const names: Array<string> = []
        const tracer = Tracer.make({
          span: (name, parent, context, links, startTime, kind) => {
            names.push(name)
            const status = { _tag: "Started", startTime } as const
            const nothing = () => undefined
            const ids = { spanId: name, traceId: "trace", sampled: true }
            const span = { _tag: "Span", name, parent, context, links, kind, status, attributes: new Map(), ...ids } as const
            return { ...span, links: [...links], attribute: nothing, event: nothing, addLinks: nothing, end: nothing }
          },
          context: (work) => work()
        })
        const ask = run((sql) => Effect.zipRight(sql`select 1`, lastly(sql`select 2`)))
        yield* Effect.withTracer(ask, tracer)
        expect(names).toEqual([])
        yield* Effect.withTracer(Effect.withSpan(ask, "request"), tracer)
        expect(names).toEqual(["request", "sql.execute", "sql.execute"])
      })
    )

    it.scoped("is not left by any of its statements", () =>
      Effect.gen(function* () {
        const { notes, run } = yield* setUp(2)
        const leaving = [
          (sql: SqlClient) => sql`insert into notes values (1)`.raw,
          (sql: SqlClient) => sql.withTransaction(sql`select 1`)
        ]
        for (const work of leaving) expect(String(yield* Effect.exit(run(work)))).toContain("outside of a transaction")
        expect(yield* notes).toEqual([])
      })
    )

    it.scoped("that is interrupted lets go at once, and is undone", () =>
      Effect.gen(function* () {
        const { notes, run, sql } = yield* setUp(2)
        const waiting = sql`select 1 from pg_stat_activity
          where datname = current_database() and query like '%pg_sleep(300)%' and state = 'active' and pid <> pg_backend_pid()`
        const until = (found: number) =>
          Effect.repeat(waiting, { until: ({ length }) => length === found, schedule: Schedule.spaced("50 millis") })
        const fiber = yield* Effect.fork(
          run((sql) => Effect.zipRight(sql`insert into notes values (1)`, sql`select pg_sleep(300)`))
        )
        yield* until(1)
        yield* Fiber.interrupt(fiber)
        yield* until(0).pipe(Effect.timeout("60 seconds"))
        expect(yield* notes).toEqual([])
      })
    )

    it.scoped("that is interrupted takes no other with it, also where all connections are waiting", () =>
      Effect.gen(function* () {
        const { notes, run } = yield* setUp(2)
        // A statement that comes to its end while it is told to give up.
        const givenUp = Effect.flip(
          run((sql) => Effect.zipRight(Effect.race(sql`select pg_sleep(0.02)`, Effect.sleep("15 millis")), Effect.fail("late")))
        )
        const whole = (n: number) =>
          run((sql) => Effect.zipRight(sql`select pg_sleep(0.03)`, sql`insert into notes values (${n})`))
        const numbers = Array.from({ length: 40 }, (_, n) => n)
        yield* Effect.forEach(numbers, (n) => Effect.zipRight(givenUp, whole(n)), { concurrency: 8, discard: true })
        expect(yield* notes).toEqual(numbers)
      })
    )

    it.scoped("fails alone where its connection is cut", () =>
      Effect.gen(function* () {
        const { left, notes, run } = yield* setUp()
        const cut = (sql: SqlClient) => sql`select pg_terminate_backend(pg_backend_pid())`
        yield* Effect.flip(run((sql) => Effect.zipRight(sql`insert into notes values (1)`, cut(sql))))
        yield* Effect.flip(run((sql) => Effect.zipRight(soon(sql`insert into notes values (1)`), lastly(cut(sql)))))
        expect(yield* notes).toEqual([])
        expect(yield* left).toEqual(clean)
      })
    )
  })
})
