import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import { Cause, Effect, Fiber, FiberRef } from "effect"
import pg from "pg"

/** A statement as it is sent; values stand for `$1`, `$2`, … */
export interface Step {
  readonly text: string
  readonly values: ReadonlyArray<unknown>
}

const commit: Step = { text: "commit", values: [] }
const rollback: Step = { text: "rollback", values: [] }

/** Has each statement prepared, so that none is run before all are there, and none after one that fails. */
const prepared = { queryMode: "extended" }

/** Statements that are sent, and answered, together: the server syncs after the last (PostgreSQL 55.2.4, pipelining). */
class Batch extends pg.Query {
  constructor(steps: ReadonlyArray<Step>, done: (error: Error | undefined, results: ReadonlyArray<pg.QueryResult>) => void) {
    // Of one statement `pg` answers with its result, of several with a list of them.
    super({ text: "" }, (error, results) => done(error, [results].flat()))
    this.submit = (connection) => {
      // oxlint-disable-next-line typescript/no-unsafe-assignment -- `Object.create` answers any: it is the connection, but for its `sync`
      const unsynced: pg.Connection = Object.create(connection, { sync: { value: () => undefined } })
      connection.stream.cork()
      try {
        for (const { text, values } of steps) new pg.Query({ ...prepared, text, values: [...values] }).submit(unsynced)
        connection.sync()
      } finally {
        connection.stream.uncork()
      }
    }
  }
}

const failed = (cause: unknown, message: string) => new SqlError({ cause, message })

/**
 * Has the server give up what the connection waits for. Asked over a connection of its own, as those of the pool may all be waiting. Until it has ended
 * nothing else is sent to the client's, which would be hit instead.
 */
const cancel = (pool: pg.Pool, client: pg.PoolClient): Effect.Effect<void> =>
  Effect.tryPromise(async () => {
    if (!("processID" in client)) return
    const own = new pg.Client(pool.options)
    own.on("error", () => undefined)
    try {
      await own.connect()
      await own.query("select pg_cancel_backend($1)", [client.processID])
    } finally {
      await own.end()
    }
  }).pipe(Effect.ignore) // swallowed: without a server there is nothing to cancel; what hangs is ended by the transaction's own limit

/** When a statement is sent: now, with the next one, or now and with the end of its transaction. */
type Sending = "now" | "soon" | "last"

const sending = FiberRef.unsafeMake<Sending>("now")

/**
 * Has statements go with the next that is waited for, at the latest with the end of the transaction; the answer is none. An error of theirs ends that one:
 * whoever tells errors apart waits.
 */
export const soon = <A, E, R>(statements: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.asVoid(Effect.locally(statements, sending, "soon"))

/** Has a statement that is the last of its transaction end it with it: what comes after can neither ask nor undo anything. */
export const lastly = <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locally(statement, sending, "last")

/** Milliseconds that a transaction may take; then its connection is cut, whatever it waits for. */
const limit = 8000

/** One transaction on a connection that is its alone. */
const makeTransaction = (pool: pg.Pool, client: pg.PoolClient, begin: ReadonlyArray<Step>) => {
  let waiting = [...begin]
  let state: "new" | "open" | "over" = "new"
  let isLate = false
  let cancelled: Effect.Effect<unknown> = Effect.void
  const clock = setTimeout(() => {
    isLate = true
    client.connection.stream.destroy()
  }, limit)

  const sendWaiting = Effect.async<ReadonlyArray<pg.QueryResult>, SqlError>((resume) => {
    const steps = waiting
    waiting = []
    state = "open"
    const done = (error: Error | null | undefined, results: ReadonlyArray<pg.QueryResult>) => {
      const reason = isLate ? new Error(`no end within ${limit / 1000} s`) : error
      if (reason) return resume(Effect.fail(failed(reason, "Failed to execute statement")))
      if (steps.at(-1) === commit && results.at(-1)?.command !== "COMMIT") {
        return resume(Effect.fail(failed(undefined, "The transaction had failed before its end")))
      }
      if (steps.at(-1) === commit) state = "over"
      resume(Effect.succeed(results))
    }
    client.query(new Batch(steps, done))
    return Effect.map(Effect.forkDaemon(cancel(pool, client)), (fiber) => {
      cancelled = Fiber.await(fiber)
    })
  })

  const send = Effect.suspend(() => Effect.zipRight(cancelled, sendWaiting))

  const run = (text: string, values: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<unknown>, SqlError> =>
    Effect.flatMap(FiberRef.get(sending), (when) => {
      if (state === "over") return Effect.dieMessage(`a statement after the last of its transaction: ${text}`)
      const index = waiting.push({ text, values }) - 1
      if (when === "soon") return Effect.succeed([])
      if (when === "last") waiting.push(commit)
      return Effect.map(send, (results): ReadonlyArray<unknown> => results[index]?.rows ?? [])
    })

  return {
    run,
    commit: Effect.suspend(() => {
      if (state === "over" || (state === "new" && waiting.length === begin.length)) return Effect.void
      waiting.push(commit)
      return send
    }),
    rollback: Effect.suspend(() => {
      if (state !== "open") return Effect.void
      waiting = [rollback]
      return Effect.catchAll(send, () => Effect.sync(() => client.connection.stream.destroy()))
    }),
    release: Effect.suspend(() => cancelled).pipe(
      Effect.zipRight(
        Effect.sync(() => {
          clearTimeout(clock)
          client.release(client.connection.stream.destroyed)
        })
      )
    )
  }
}

/** What runs one statement. */
type Run = (text: string, values: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<unknown>, SqlError>

const isStatement = (made: unknown): made is Statement<object> => Effect.isEffect(made)

/** A statement by itself in the trace of the request that it is for, where there is one. */
const traced = <A, E>(work: Effect.Effect<A, E>, text: string): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    fiber.currentSpan?.sampled === true
      ? Effect.withSpan(work, "sql.execute", { kind: "client", captureStackTrace: false, attributes: { "db.query.text": text } })
      : work
  )

/**
 * Statements of a client that run here. Its own way to run them makes a scope and a span for each, both of which copy all services of the program: several
 * times what the statement itself costs.
 */
const statementsBy = (client: SqlClient, run: Run): SqlClient => {
  const here = (made: unknown): unknown => {
    if (!isStatement(made)) return made
    const commit = () => {
      const [text, values] = made.compile()
      return traced(run(text, values), text)
    }
    return Object.assign(made, { commit })
  }
  return new Proxy(client, {
    apply: (target, self, words) => here(Reflect.apply(target, self, words)),
    get: (target, name, self): unknown =>
      name === "unsafe"
        ? (text: string, values?: ReadonlyArray<unknown>) => here(target.unsafe(text, values))
        : Reflect.get(target, name, self)
  })
}

const connect = (pool: pg.Pool) =>
  Effect.async<pg.PoolClient, SqlError>((resume) =>
    pool.connect((error, client) =>
      resume(client === undefined ? Effect.fail(failed(error, "Failed to acquire connection")) : Effect.succeed(client))
    )
  )

/**
 * Runs work in a transaction, with statements of the client as it is given them. What begins it goes with its first statement: between that and its answer
 * nothing is done outside of it. Nobody who is interrupted waits for it to be undone.
 */
export const inTransaction = <A, E, R>(
  pool: pg.Pool,
  sql: SqlClient,
  begin: ReadonlyArray<Step>,
  work: (sql: SqlClient) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(connect(pool), (client) => {
      const { commit, release, rollback, run } = makeTransaction(pool, client, begin)
      const undo = Effect.zipRight(rollback, release)
      return restore(Effect.suspend(() => work(statementsBy(sql, run)))).pipe(
        Effect.tap(commit),
        Effect.tapErrorCause((cause) => (Cause.isInterrupted(cause) ? Effect.forkDaemon(undo) : undo)),
        Effect.tap(release)
      )
    })
  )
