import { Context } from "effect"
import type { Effect, Stream } from "effect"
import type { BusMessage } from "../BusMessage.js"
import type { StoreUnavailable } from "./StoreError.js"

/**
 * Messages that were written in the transaction of the change that they tell of, and still have to be published: so none is lost between the
 * database and the bus, and none tells of a change that was not made.
 */
export class Outbox extends Context.Tag("@vigil/core/Outbox")<
  Outbox,
  {
    /**
     * Hands the oldest message of each camera (or tenant) to `publish`, and forgets it where that answers true. Answers how many were forgotten: call it until
     * there are none. In a cluster one such call works at a time; the others find nothing.
     */
    readonly relay: <R>(
      publish: (message: BusMessage) => Effect.Effect<boolean, never, R>
    ) => Effect.Effect<number, StoreUnavailable, R>
    /** How many messages wait. */
    readonly depth: Effect.Effect<number, StoreUnavailable>
    /** Emits when messages may have been added; a hint only. */
    readonly changes: Stream.Stream<void>
  }
>() {}
