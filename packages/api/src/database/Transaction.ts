import { TransactionConnection } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { Cause, Effect, Fiber, FiberRef, Stream } from "effect"
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

  const run = (text: string, values: ReadonlyArray<unknown>): Effect.Effect<pg.QueryResult | undefined, SqlError> =>
    Effect.flatMap(FiberRef.get(sending), (when) => {
      if (state === "over") return Effect.dieMessage(`a statement after the last of its transaction: ${text}`)
      const index = waiting.push({ text, values }) - 1
      if (when === "soon") return Effect.succeed(undefined)
      if (when === "last") waiting.push(commit)
      return Effect.map(send, (results) => results[index])
    })

  const rows = (text: string, values: ReadonlyArray<unknown>) =>
    Effect.map(run(text, values), (result): ReadonlyArray<unknown> => result?.rows ?? [])

  const connection: Connection = {
    execute: rows,
    executeUnprepared: rows,
    executeRaw: run,
    executeValues: () => Effect.dieMessage("rows are asked for by the names of their columns"),
    executeStream: () => Stream.dieMessage("rows of a transaction are not streamed")
  }

  return {
    connection,
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

const connect = (pool: pg.Pool) =>
  Effect.async<pg.PoolClient, SqlError>((resume) =>
    pool.connect((error, client) =>
      resume(client === undefined ? Effect.fail(failed(error, "Failed to acquire connection")) : Effect.succeed(client))
    )
  )

/**
 * Runs work in a transaction, whose statements find it by themselves. What begins it goes with its first statement: between that and its answer nothing is
 * done outside of it. Nobody who is interrupted waits for it to be undone.
 */
export const inTransaction = <A, E, R>(
  pool: pg.Pool,
  begin: ReadonlyArray<Step>,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(connect(pool), (client) => {
      const { commit, connection, release, rollback } = makeTransaction(pool, client, begin)
      const undo = Effect.zipRight(rollback, release)
      return restore(Effect.provideService(work, TransactionConnection, [connection, 0])).pipe(
        Effect.tap(commit),
        Effect.tapErrorCause((cause) => (Cause.isInterrupted(cause) ? Effect.forkDaemon(undo) : undo)),
        Effect.tap(release)
      )
    })
  )
