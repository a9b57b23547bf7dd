import type { SqlClient } from "@effect/sql/SqlClient"
import { Deferred, Effect, Option, Runtime } from "effect"

/** Rows of these ids, in one value however many they are. */
export const idsIn = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  sql`(select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`

/** Keys that are asked for in one go. */
const most = 500

interface Asked<K, A, E> {
  readonly key: K
  readonly answer: Deferred.Deferred<Option.Option<A>, E>
}

/** Takes what is asked for first, each key once. */
const takeBatch = <Q extends { readonly key: unknown }>(
  waiting: ReadonlyArray<Q>
): readonly [batch: ReadonlyArray<Q>, rest: Array<Q>] => {
  const keys = new Set<unknown>()
  const rest: Array<Q> = []
  const batch = waiting.filter((asked) => {
    const isTaken = keys.size < most && !keys.has(asked.key)
    if (isTaken) keys.add(asked.key)
    else rest.push(asked)
    return isTaken
  })
  return [batch, rest]
}

/**
 * Questions by key that come in one turn of the event loop go to the database as one: thousands of cameras that start ask the same, each of its own.
 * A key is in one go only once; whoever asks for it, too, is in the next. Nobody's own context goes along.
 */
export const makeTogether = <K, A, E, R>(
  ask: (keys: ReadonlyArray<K>) => Effect.Effect<ReadonlyMap<K, A>, E, R>
): Effect.Effect<(key: K) => Effect.Effect<Option.Option<A>, E>, never, R> =>
  Effect.map(Effect.runtime<R>(), (runtime) => {
    let waiting: Array<Asked<K, A, E>> = []

    const go = () => {
      const [batch, rest] = takeBatch(waiting)
      waiting = rest
      if (rest.length > 0) setImmediate(go)
      const answered = Effect.matchCauseEffect(ask(batch.map(({ key }) => key)), {
        onFailure: (cause) => Effect.forEach(batch, ({ answer }) => Deferred.failCause(answer, cause), { discard: true }),
        onSuccess: (found) =>
          Effect.forEach(batch, ({ answer, key }) => Deferred.succeed(answer, Option.fromNullable(found.get(key))), {
            discard: true
          })
      })
      Runtime.runFork(runtime)(answered)
    }

    return (key) =>
      Effect.flatMap(Deferred.make<Option.Option<A>, E>(), (answer) => {
        if (waiting.push({ key, answer }) === 1) setImmediate(go)
        return Deferred.await(answer)
      })
  })
