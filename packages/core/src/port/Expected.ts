import { Effect, Schema } from "effect"

/** Whether a thing still is what a change was decided of. Whoever makes the change asks while nobody else can change the thing. */
export type Expected<A> = (now: A) => boolean

/** Somebody changed it since it was read. */
export class ChangedMeanwhile extends Schema.TaggedError<ChangedMeanwhile>()("ChangedMeanwhile", { what: Schema.String }) {
  override get message() {
    return `${this.what} was changed since it was read: read it again`
  }
}

export const requireExpected = <A>(what: string, now: A, expected?: Expected<A>): Effect.Effect<void, ChangedMeanwhile> =>
  expected === undefined || expected(now) ? Effect.void : new ChangedMeanwhile({ what })

/** A change that expects nothing finds nothing changed. */
export const expectingNothing = <A, E, R>(
  change: Effect.Effect<A, E | ChangedMeanwhile, R>
): Effect.Effect<A, Exclude<E, ChangedMeanwhile>, R> =>
  Effect.catchIf(change, (error): error is ChangedMeanwhile => error instanceof ChangedMeanwhile, Effect.die)
