import { Effect } from "effect"

/**
 * Loads a command's program only when the command runs: most of what Vigil consists of is not needed to ask a running server, and
 * takes longer to load than the answer takes to come.
 */
export const load = <Module, A, E, R>(open: () => Promise<Module>, run: (module: Module) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.promise(open), run)
