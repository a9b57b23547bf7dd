import { Effect, type Scope, Stream, PubSub, Schedule } from "effect"
import type pg from "pg"
import { type ConnectionOptions, openClient } from "./Connection.js"

/** Milliseconds between looks at whether a quiet connection still answers. */
const pulse = 10_000

const listen = (to: ConnectionOptions, channel: string, heard: () => void): Effect.Effect<never, Error> =>
  Effect.scoped(
    Effect.gen(function* () {
      const client: pg.Client = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const made = openClient(to)
          // Told by `lost` below; an error event without any listener would end the process.
          made.on("error", () => undefined)
          return made
        }),
        (made) =>
          Effect.tryPromise(() => made.end()).pipe(
            Effect.timeout("1 second"),
            // swallowed: a connection that broke cannot be ended in order
            Effect.catchAll(() => Effect.void)
          )
      )
      const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)))
      const query = (text: string) => Effect.tryPromise({ try: () => client.query(text), catch: asError })
      const lost = Effect.async<never, Error>((resume) => {
        client.once("error", (error: Error) => resume(Effect.fail(error)))
        client.once("end", () => resume(Effect.fail(new Error("the connection ended"))))
      })
      yield* Effect.tryPromise({ try: () => client.connect(), catch: asError })
      client.on("notification", heard)
      yield* query(`listen ${client.escapeIdentifier(channel)}`)
      // What happened while nobody listened was not told.
      heard()
      return yield* Effect.raceFirst(lost, Effect.forever(Effect.zipRight(Effect.sleep(pulse), query("select 1"))))
    })
  )

/**
 * Hints that something changed: one for each NOTIFY on `channel`, one for each time that the connection was made, and one whenever
 * `fingerprint`, polled, differs from the one before; the last keeps changes from being missed where notifications do not come
 * through. A slow reader gets several hints as one.
 */
export const changeFeed = <E>(
  to: ConnectionOptions,
  channel: string,
  fingerprint: Effect.Effect<string, E>,
  pollInterval: number
): Effect.Effect<Stream.Stream<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const hints = yield* PubSub.sliding<void>(1)
    yield* listen(to, channel, () => hints.unsafeOffer(undefined)).pipe(
      Effect.tapError((error) => Effect.logDebug(`listening for ${channel}: ${error.message}`)),
      Effect.retry(Schedule.exponential("250 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)),
      Effect.forkScoped
    )
    let last: string | undefined
    yield* Effect.tap(fingerprint, (current) => {
      const changed = last !== undefined && last !== current
      last = current
      return changed ? PubSub.publish(hints, undefined) : Effect.void
    }).pipe(
      // swallowed: an absent database has no changes to tell; the next look comes soon
      Effect.catchAll(() => Effect.void),
      Effect.repeat(Schedule.spaced(pollInterval)),
      Effect.forkScoped
    )
    return Stream.fromPubSub(hints)
  })
