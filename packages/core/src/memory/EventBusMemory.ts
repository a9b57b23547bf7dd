import { Effect, Layer, Mailbox, Metric } from "effect"
import type { EventEntry } from "../Event.js"
import { EventBus } from "../port/EventBus.js"

/** Entries that subscribers of the in-process bus lost because they were too slow. */
const dropped = Metric.counter("vigil_event_bus_dropped_entries", {
  description: "Events that a slow subscriber of the bus lost",
  incremental: true
})

/** A bus within this process. A subscriber that is `capacity` entries behind loses its oldest ones. */
export const makeEventBusMemory = (capacity: number): typeof EventBus.Service => {
  const subscribers = new Set<Mailbox.Mailbox<EventEntry>>()

  const deliver = (subscriber: Mailbox.Mailbox<EventEntry>, entry: EventEntry): number => {
    const waiting = subscriber.unsafeSize()
    subscriber.unsafeOffer(entry)
    return waiting._tag === "Some" && waiting.value >= capacity ? 1 : 0
  }

  return {
    publish: (entries) =>
      Effect.suspend(() => {
        let lost = 0
        for (const subscriber of subscribers) for (const entry of entries) lost += deliver(subscriber, entry)
        return lost === 0 ? Effect.void : Metric.incrementBy(dropped, lost)
      }),
    subscribe: Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<EventEntry>({ capacity, strategy: "sliding" })
      yield* Effect.acquireRelease(
        Effect.sync(() => subscribers.add(mailbox)),
        () => Effect.sync(() => subscribers.delete(mailbox)).pipe(Effect.zipRight(mailbox.shutdown))
      )
      return Mailbox.toStream(mailbox)
    })
  }
}

/** A bus within this process, with room for 1024 entries per subscriber. */
export const layerEventBusMemory: Layer.Layer<EventBus> = Layer.sync(EventBus, () => makeEventBusMemory(1024))
