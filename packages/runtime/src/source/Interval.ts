import { Effect, type Scope } from "effect"

/** Calls `act` every so many milliseconds until the scope ends. Plain, because a hundred cameras have hundreds of them. */
export const interval = (milliseconds: number, act: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => setInterval(act, milliseconds)),
    (timer) => Effect.sync(() => clearInterval(timer))
  )
