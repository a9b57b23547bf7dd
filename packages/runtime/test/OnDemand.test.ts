import { describe, expect, it } from "@effect/vitest"
import { makeOnDemand } from "@vigil/runtime/OnDemand"
import { Deferred, Effect, Exit, Scope } from "effect"

/** Work whose runs a test lets go one by one. */
const setting = Effect.gen(function* () {
  const gates: Array<Deferred.Deferred<void>> = []
  const done: Array<number> = []
  const scope = yield* Scope.make()
  const demand = yield* Effect.gen(function* () {
    const run = gates.length
    const gate = yield* Deferred.make<void>()
    gates.push(gate)
    yield* Deferred.await(gate)
    done.push(run)
  }).pipe(makeOnDemand, Scope.extend(scope))
  const begun = (runs: number) => Effect.repeat(Effect.yieldNow(), { until: () => gates.length === runs })
  const release = (run: number) =>
    Effect.forEach(gates.slice(run, run + 1), (gate) => Deferred.succeed(gate, undefined), { discard: true })
  return { demand, done, gates, begun, release, close: Scope.close(scope, Exit.void) }
})

describe("work on demand", () => {
  it.live("is done once more, and only once, however often it is asked for meanwhile", () =>
    Effect.gen(function* () {
      const { begun, close, demand, done, gates, release } = yield* setting
      expect(gates).toHaveLength(0)
      yield* demand.settled
      demand.ask()
      yield* begun(1)
      for (let count = 0; count < 3; count++) demand.ask()
      yield* release(0)
      yield* begun(2)
      yield* release(1)
      yield* demand.settled
      expect(done).toEqual([0, 1])
      demand.ask()
      yield* begun(3)
      yield* close
      expect(done).toEqual([0, 1])
    })
  )

  it.live("ends with its scope, and does nothing after it", () =>
    Effect.gen(function* () {
      const { begun, close, demand, done, gates } = yield* setting
      demand.ask()
      yield* begun(1)
      demand.ask()
      yield* close
      yield* demand.settled
      demand.ask()
      yield* Effect.yieldNow()
      expect(gates).toHaveLength(1)
      expect(done).toEqual([])
    })
  )
})
