import { Effect, ExecutionStrategy, Scope } from "effect"

/** Opens resources in the surrounding scope, and closes what it has opened at once where it fails: for attempts that are followed by another. */
export const closeOnFailure = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const outer = yield* Effect.scope
    const own = yield* Scope.fork(outer, ExecutionStrategy.sequential)
    return yield* Scope.extend(effect, own).pipe(
      Effect.onExit((exit) => (exit._tag === "Failure" ? Scope.close(own, exit) : Effect.void))
    )
  })
