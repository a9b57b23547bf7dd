import { ClusterError } from "@effect/cluster"
import { type Duration, Effect } from "effect"

/** What a call of an entity may fail with besides its own errors. */
export type Undelivered = ClusterError.MailboxFull | ClusterError.AlreadyProcessingMessage | ClusterError.PersistenceError

const isUndelivered = (error: unknown): error is Undelivered =>
  error instanceof ClusterError.MailboxFull ||
  error instanceof ClusterError.AlreadyProcessingMessage ||
  error instanceof ClusterError.PersistenceError

/** An entity's answer, or the error where none comes in time: calls are volatile, and the library repeats them without end. */
export const answeredWithin =
  <F>(limit: Duration.Duration, otherwise: () => F) =>
  <A, E, R>(call: Effect.Effect<A, E | Undelivered, R>): Effect.Effect<A, E | F, R> =>
    call.pipe(
      Effect.catchAll(
        (error): Effect.Effect<never, E | F> =>
          isUndelivered(error)
            ? Effect.zipRight(Effect.logWarning("a camera's node could not take a call", error), Effect.fail(otherwise()))
            : Effect.fail(error)
      ),
      Effect.timeoutFail({ duration: limit, onTimeout: otherwise })
    )
