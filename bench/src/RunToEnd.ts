import { Effect, Fiber } from "effect"

/** What a shell reports of a program that was interrupted. */
const interrupted = 130

/** Runs a program; a signal ends it in an orderly way, with every process that it started, and then this one. */
export const runToEnd = async <A, E>(program: Effect.Effect<A, E>): Promise<A> => {
  const fiber = Effect.runFork(program)
  const stop = () => void Effect.runPromise(Fiber.interrupt(fiber)).finally(() => process.exit(interrupted))
  process.once("SIGINT", stop).once("SIGTERM", stop)
  try {
    return await Effect.runPromise(Fiber.join(fiber))
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop)
  }
}
