import { Effect, Layer, Metric, Schedule, Stream } from "effect"
import { type BusMessage, eventStored } from "./BusMessage.js"
import type { CameraId } from "./Ids.js"
import { Bus } from "./port/Bus.js"
import { EventStore } from "./port/EventStore.js"
import { Outbox } from "./port/Outbox.js"

/** Looks again after this long, also where no hint came. */
const pollInterval = "5 seconds"
/** An event that is not published for this long has nobody who publishes it: its camera was removed, say. Milliseconds. */
const abandonedAfter = 60_000
const abandonedInterval = "30 seconds"
const pageSize = 100

const waitingMessages = Metric.gauge("vigil_bus_outbox_messages", {
  description: "Messages of changes that are made and not published yet"
})

/** Whether it is dealt with. */
const publishing = (message: BusMessage) =>
  Effect.flatMap(Bus, (bus) => bus.publish(message)).pipe(
    Effect.as(true),
    Effect.catchTag("BusMessageTooLarge", (error) => Effect.as(Effect.logError(error.message), true)),
    Effect.catchTag("BusUnavailable", (error) => Effect.as(Effect.logDebug(error.message), false))
  )

const relayAll = Effect.gen(function* () {
  const outbox = yield* Outbox
  let relayed: number
  let left: number
  do {
    relayed = yield* outbox.relay(publishing)
    left = yield* outbox.depth
  } while (relayed > 0 && left > 0)
  yield* Metric.set(waitingMessages, left)
}).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message)))

/** Publishes what is left of one camera, as long as the bus takes it. */
const publishLeft = (cameraId: CameraId, published: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    let reached = published
    for (;;) {
      const entries = yield* store.after(cameraId, reached, pageSize)
      for (const entry of entries) {
        if (!(yield* publishing(eventStored(entry)))) return
        reached = entry.sequence
      }
      yield* store.markPublished(cameraId, reached)
      if (entries.length < pageSize) return
    }
  })

/** Events of cameras that have waited since the last look without one of them being published. */
const relayAbandoned = (seen: Map<CameraId, number>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const ids = yield* store.unpublished(abandonedAfter)
    for (const id of seen.keys()) if (!ids.includes(id)) seen.delete(id)
    for (const id of ids) {
      const { published } = yield* store.progress(id)
      if (seen.get(id) === published) yield* publishLeft(id, published)
      seen.set(id, published)
    }
  }).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message)))

/**
 * Publishes what the database holds for the bus: messages of changes, in order per camera, and stored events whose camera's actor is no more. Every
 * node runs it; they take turns.
 */
export const layer: Layer.Layer<never, never, Bus | EventStore | Outbox> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { changes } = yield* Outbox
    const hints = Stream.merge(changes, Stream.fromSchedule(Schedule.spaced(pollInterval)))
    const looks = Stream.concat(Stream.make(undefined), hints)
    yield* Stream.runForEach(looks, () => relayAll).pipe(Effect.forkScoped)
    yield* relayAbandoned(new Map()).pipe(Effect.repeat(Schedule.spaced(abandonedInterval)), Effect.forkScoped)
  })
)
