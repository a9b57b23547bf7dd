import { PersistenceError } from "@effect/cluster/ClusterError"
import { RunnerStorage } from "@effect/cluster"
import { Duration, Effect } from "effect"

type Storage = RunnerStorage.RunnerStorage["Type"]

/** Sharding gives all shards up when a refresh takes two seconds; it must be told before that. */
const refreshLimit = Duration.millis(1500)

const reasonOf = ({ cause }: PersistenceError): string => (cause instanceof Error ? cause.message : String(cause))

export interface LockGrace {
  /** How long shards are kept while the storage cannot be asked. */
  readonly whole: Duration.Duration
  /** The same while the other nodes cannot be heard either: it is probably this one that is cut off, and others run its cameras by then. */
  readonly alone: Duration.Duration
}

/**
 * A runner storage that keeps this node's shards while it cannot be asked, so that an outage of the database restarts no camera. What it says counts
 * at once when it says something: that a shard is another's.
 */
export const withLockGrace = (storage: Storage, grace: LockGrace, isConnected: () => boolean): Storage => {
  let answered = performance.now()

  const remaining = () => {
    const limit = isConnected() ? grace.whole : grace.alone
    return Duration.toMillis(limit) - (performance.now() - answered)
  }

  return RunnerStorage.RunnerStorage.of({
    ...storage,
    refresh: (address, shards) => {
      const held = [...shards]
      const asked = storage.refresh(address, held).pipe(
        Effect.disconnect,
        Effect.timeoutFail({
          duration: refreshLimit,
          onTimeout: () => new PersistenceError({ cause: new Error(`no answer in ${Duration.toSeconds(refreshLimit)} s`) })
        })
      )
      return asked.pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            answered = performance.now()
          })
        ),
        Effect.catchAll((error) => {
          const left = remaining()
          if (left <= 0) return Effect.fail(error)
          const patience = `its ${held.length} shards are kept for ${Math.ceil(left / 1000)} s more`
          return Effect.as(Effect.logWarning(`the database does not answer this node (${reasonOf(error)}); ${patience}`), held)
        })
      )
    }
  })
}
