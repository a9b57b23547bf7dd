import { Effect } from "effect"

/** For whoever looks into a page that misbehaves: what failed and is made good by itself. */
export const note = (what: string, error: unknown): void => {
  Effect.runFork(Effect.logDebug(what, error))
}
