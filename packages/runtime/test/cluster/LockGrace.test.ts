import { RunnerAddress, RunnerStorage, ShardId } from "@effect/cluster"
import { PersistenceError } from "@effect/cluster/ClusterError"
import { describe, expect, it } from "@effect/vitest"
import { withLockGrace } from "@vigil/runtime/cluster/LockGrace"
import { Duration, Effect, Logger, LogLevel } from "effect"

const address = RunnerAddress.make("a", 1)
const shards = [ShardId.make("default", 1), ShardId.make("default", 2)]

/** A storage that answers with what it is told to. */
const graceful = (grace: { readonly whole: number; readonly alone: number }) =>
  Effect.gen(function* () {
    const memory = yield* RunnerStorage.makeMemory
    const state: { answer: "held" | "lost" | "error" | "silence"; connected: boolean } = { answer: "held", connected: true }
    const storage = withLockGrace(
      RunnerStorage.RunnerStorage.of({
        ...memory,
        refresh: () =>
          Effect.suspend(() => {
            if (state.answer === "silence") return Effect.never
            if (state.answer === "error") return new PersistenceError({ cause: new Error("away") })
            return Effect.succeed(state.answer === "held" ? shards : shards.slice(0, 1))
          })
      }),
      { whole: Duration.millis(grace.whole), alone: Duration.millis(grace.alone) },
      () => state.connected
    )
    const refresh = storage.refresh(address, shards).pipe(Logger.withMinimumLogLevel(LogLevel.None))
    return { state, refresh }
  })

describe("LockGrace", () => {
  it.live("what the storage says counts at once", () =>
    Effect.gen(function* () {
      const { refresh, state } = yield* graceful({ whole: 60_000, alone: 60_000 })
      expect(yield* refresh).toHaveLength(2)
      state.answer = "lost"
      expect(yield* refresh).toHaveLength(1)
    })
  )

  it.live("shards are kept while the storage fails or hangs, until the grace is over", () =>
    Effect.gen(function* () {
      const { refresh, state } = yield* graceful({ whole: 2500, alone: 2500 })
      yield* refresh
      state.answer = "error"
      expect(yield* refresh).toHaveLength(2)
      state.answer = "silence"
      const [took, kept] = yield* Effect.timed(refresh)
      expect(kept).toHaveLength(2)
      // Sharding gives everything up after two seconds.
      expect(Duration.toMillis(took)).toBeLessThan(2000)
      yield* Effect.sleep("1200 millis")
      expect((yield* Effect.flip(refresh))._tag).toBe("PersistenceError")
      state.answer = "held"
      expect(yield* refresh).toHaveLength(2)
    })
  )

  it.live("a node that hears nobody keeps them for less", () =>
    Effect.gen(function* () {
      const { refresh, state } = yield* graceful({ whole: 60_000, alone: 0 })
      yield* refresh
      state.answer = "error"
      expect(yield* refresh).toHaveLength(2)
      state.connected = false
      yield* Effect.flip(refresh)
    })
  )
})
