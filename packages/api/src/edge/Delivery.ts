/**
 * Events of edges, on their way into the centre's log and onto its bus.
 *
 * @module
 */
import { eventStored } from "@vigil/core/BusMessage"
import { DeliveryConflict, EdgeRefused } from "@vigil/core/contract/EdgeRpc"
import type { EventEntry } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { type EdgeRight, EdgeStore, type LogEnd } from "@vigil/core/port/EdgeStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { Effect, Metric } from "effect"

/** How long a delivery waits for the bus: what is stored then is published later. */
const publishLimit = "2 seconds"
const pageSize = 100

const delivered = Metric.counter("vigil_edge_delivered_events", {
  description: "Events of edges that this node stored",
  incremental: true
})

/** How many of the entries, from the first, the log holds as they are. */
const knownOf = (cameraId: CameraId, entries: ReadonlyArray<EventEntry>, end: LogEnd) =>
  Effect.gen(function* () {
    const first = entries[0]
    if (first === undefined || first.sequence > end.sequence) return 0
    const stored = yield* (yield* EventStore).after(cameraId, first.sequence - 1, entries.length)
    const idOf = new Map(stored.map(({ event, sequence }) => [sequence, event.eventId]))
    const differs = entries.findIndex(({ event, sequence }) => idOf.get(sequence) !== event.eventId)
    return differs === -1 ? entries.length : differs
  })

/** Everything stored and not published yet; what was published in vain the bus knows by its id. */
const publishStored = (cameraId: CameraId) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const bus = yield* Bus
    let { published } = yield* store.progress(cameraId)
    for (;;) {
      const entries = yield* store.after(cameraId, published, pageSize)
      for (const entry of entries) {
        yield* bus
          .publish(eventStored(entry))
          .pipe(Effect.catchTag("BusMessageTooLarge", (error) => Effect.logError(error.message)))
        published = entry.sequence
      }
      yield* store.markPublished(cameraId, published)
      if (entries.length < pageSize) return
    }
  }).pipe(
    Effect.timeout(publishLimit),
    // Stored they are; the outbox relay publishes what is left.
    Effect.catchAll((error) => Effect.logDebug(`events of camera ${cameraId} wait for the bus: ${error.message}`))
  )

const checkContents = ({ tenantId }: EdgeRight, cameraId: CameraId, entries: ReadonlyArray<EventEntry>) => {
  const strange = entries.find(({ event }) => event.cameraId !== cameraId || event.customerId !== tenantId)
  return strange === undefined
    ? Effect.void
    : new EdgeRefused({ cameraId, detail: `event ${strange.event.eventId} is of another camera or customer` })
}

/** Stores the entries behind what the log holds, and answers where it ends then. What it holds already is passed over. */
export const deliver = (edge: EdgeRight, cameraId: CameraId, entries: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    yield* checkContents(edge, cameraId, entries)
    const end = yield* (yield* EdgeStore).logEnd(cameraId)
    const known = yield* knownOf(cameraId, entries, end)
    const fresh = entries.slice(known)
    const [next] = fresh
    if (next === undefined) return { sequence: entries.at(-1)?.sequence ?? end.sequence }
    if (next.sequence !== end.sequence + 1 || next.epoch < end.epoch) {
      return yield* new DeliveryConflict({ cameraId, ...end, known })
    }
    yield* (yield* EventStore)
      .append(cameraId, fresh)
      .pipe(Effect.catchTag("StaleEpoch", ({ current }) => new DeliveryConflict({ cameraId, ...end, epoch: current, known })))
    yield* Metric.incrementBy(delivered, fresh.length)
    yield* publishStored(cameraId)
    return { sequence: fresh.at(-1)?.sequence ?? end.sequence }
  })
