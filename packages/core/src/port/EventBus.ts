import { Context } from "effect"
import type { Effect, Scope, Stream } from "effect"
import type { EventEntry } from "../Event.js"

/**
 * Carries events to whoever listens, after they were stored, and again when their status was set: the same event id, the new status. A slow subscriber loses its own oldest entries, never another's.
 */
export class EventBus extends Context.Tag("@vigil/core/EventBus")<
  EventBus,
  {
    readonly publish: (entries: ReadonlyArray<EventEntry>) => Effect.Effect<void>
    /** Subscribed when the effect returns: everything published from then on arrives. */
    readonly subscribe: Effect.Effect<Stream.Stream<EventEntry>, never, Scope.Scope>
  }
>() {}
