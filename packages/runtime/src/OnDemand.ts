import { Effect, Fiber, Runtime, type Scope } from "effect"

/** Work that is done when somebody asks for it, and of which nothing is there meanwhile. */
export interface OnDemand {
  /** Has the work done, or done once more where it is going on. Never waits. */
  readonly ask: () => void
  /** Returns when all that was asked for is done, or the scope has closed. */
  readonly settled: Effect.Effect<void>
}

/** Ends with the scope, whatever was asked for. */
export const makeOnDemand = <R>(work: Effect.Effect<void, never, R>): Effect.Effect<OnDemand, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const run = Runtime.runFork(yield* Effect.runtime<R>())
    let fiber: Fiber.RuntimeFiber<void> | undefined
    let asked = false
    let closed = false

    const begin = () => {
      asked = false
      fiber = run(Effect.interruptible(work), { immediate: false })
      fiber.addObserver(() => {
        fiber = undefined
        if (asked && !closed) begin()
      })
    }

    yield* Effect.addFinalizer(() => {
      closed = true
      return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
    })

    const settled: Effect.Effect<void> = Effect.suspend(() =>
      fiber === undefined ? Effect.void : Effect.zipRight(Fiber.await(fiber), settled)
    )

    return {
      ask: () => {
        asked = true
        if (fiber === undefined && !closed) begin()
      },
      settled
    }
  })
