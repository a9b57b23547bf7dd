import { SqlError } from "@effect/sql/SqlError"
import { Duration, Effect, Schedule } from "effect"
import { addressOf, type ConnectionOptions, describe, openClient, sqlState } from "./Connection.js"
import { DatabaseError } from "./DatabaseError.js"

/** Connects once, and leaves. */
const knock = (to: ConnectionOptions): Effect.Effect<void, SqlError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const client = openClient(to)
      // swallowed: what becomes of the connection is told by whoever uses it
      client.on("error", () => {})
      return client
    }),
    (client) =>
      Effect.tryPromise({
        try: () => client.connect(),
        catch: (cause) => new SqlError({ cause, message: "no connection" })
      }),
    // swallowed: nothing is waited for, and a server that is silent would not say goodbye either
    (client) => Effect.sync(() => void client.end().catch(() => undefined))
  )

/** Nobody is there, nobody answers, or who is there is starting (cannot_connect_now) or full (too_many_connections). Any other answer stays the same. */
const isPassing = (error: SqlError): boolean => {
  const state = sqlState(error)
  return state === undefined || !/^(?=.*\d)[0-9A-Z]{5}$/.test(state) || state === "57P03" || state === "53300"
}

const waits = Schedule.exponential("250 millis", 1.5).pipe(Schedule.union(Schedule.spaced("5 seconds")))

/** Milliseconds between words to those who wait. */
const tellEvery = 10_000

/** Waits until PostgreSQL answers, and says so: a node and its database are often started together. Fails at the limit, and at once where waiting is of no use. */
export const awaitDatabase = (to: ConnectionOptions, limit: Duration.Duration): Effect.Effect<void, DatabaseError> =>
  Effect.suspend(() => {
    const place = addressOf(to)
    const begun = performance.now()
    const most = Duration.toMillis(limit)
    const passed = () => performance.now() - begun
    let tellAt = 0

    const tell = (error: SqlError) =>
      Effect.suspend(() => {
        if (!isPassing(error) || passed() < tellAt || passed() >= most) return Effect.void
        tellAt = passed() + tellEvery
        const left = Math.ceil((most - passed()) / 1000)
        return Effect.logWarning(
          `${place} does not answer (${describe(error)}): waiting for it, ${left} s at the most. Check that it runs there, and VIGIL_DATABASE_URL or --postgres`
        )
      })

    return knock(to).pipe(
      Effect.tapError(tell),
      Effect.retry({ schedule: waits, while: (error) => isPassing(error) && passed() < most }),
      Effect.mapError(
        (error) => new DatabaseError({ step: "connect", detail: isPassing(error) ? waitedFor(error, passed()) : describe(error) })
      ),
      Effect.zipRight(
        Effect.suspend(() =>
          tellAt > 0 ? Effect.logInfo(`${place} answers, after ${Math.round(passed() / 1000)} s`) : Effect.void
        )
      )
    )
  })

const waitedFor = (error: SqlError, milliseconds: number): string =>
  `${describe(error)}; waited ${Math.round(milliseconds / 1000)} s (VIGIL_START_TIMEOUT)`
