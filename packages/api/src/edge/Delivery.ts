/**
 * Events of edges, on their way into the centre's log and onto its bus.
 *
 * @module
 */
import { eventStored } from "@vigil/core/BusMessage"
import { DeliveryConflict, EdgeRefused } from "@vigil/core/contract/EdgeRpc"
import { isSelected } from "@vigil/core/Erasure"
import type { EventEntry } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { type EdgeRight, EdgeStore, type LogEnd } from "@vigil/core/port/EdgeStore"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { DateTime, Effect, Metric } from "effect"

/** How long a delivery waits for the bus: what is stored then is published later. */
const publishLimit = "2 seconds"
const pageSize = 100

const delivered = Metric.counter("vigil_edge_delivered_events", {
  description: "Events of edges that this node stored",
  incremental: true
})

type IsErased = (entry: EventEntry) => boolean

/** Which of the entries somebody had erased since they happened: they are not taken in, however late they come. */
const erasedAmong = ({ tenantId }: EdgeRight, entries: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    const oldest = entries.map(({ event }) => event.timestamp).reduce(DateTime.min)
    const selections = yield* (yield* ErasureStore).since(tenantId, oldest)
    return (entry: EventEntry) => selections.some((selection) => isSelected(selection, entry))
  })

/** How many of the entries, from the first, the log holds as they are, or held before they were erased. */
const knownOf = (cameraId: CameraId, entries: ReadonlyArray<EventEntry>, end: LogEnd, isErased: IsErased) =>
  Effect.gen(function* () {
    const first = entries[0]
    if (first === undefined || first.sequence > end.sequence) return 0
    const stored = yield* (yield* EventStore).after(cameraId, first.sequence - 1, entries.length)
    const idOf = new Map(stored.map(({ event, sequence }) => [sequence, event.eventId]))
    const isKnown = (entry: EventEntry) =>
      entry.sequence <= end.sequence &&
      (idOf.get(entry.sequence) ?? (isErased(entry) && entry.event.eventId)) === entry.event.eventId
    const differs = entries.findIndex((entry) => !isKnown(entry))
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

/** What an edge brings: entries of a camera, all that there is behind `after` where that is said. */
export interface Batch {
  readonly cameraId: CameraId
  readonly entries: readonly [EventEntry, ...ReadonlyArray<EventEntry>]
  readonly after?: number | undefined
}

/** Whether the log goes on with this sequence, or with it after some that were erased. */
const goesOn = (end: LogEnd, sequence: number, after = sequence - 1): boolean => after <= end.sequence && end.sequence < sequence

/**
 * Stores the entries behind what the log holds, and answers where it ends then. What it holds already is passed over, and so is what somebody had erased meanwhile:
 * the log has gaps there.
 */
export const deliver = (edge: EdgeRight, { after, cameraId, entries }: Batch) =>
  Effect.gen(function* () {
    yield* checkContents(edge, cameraId, entries)
    const end = yield* (yield* EdgeStore).logEnd(cameraId)
    const isErased = yield* erasedAmong(edge, entries)
    const known = yield* knownOf(cameraId, entries, end, isErased)
    const fresh = entries.slice(known)
    const [next] = fresh
    const last = fresh.at(-1)
    if (next === undefined || last === undefined) return { sequence: entries.at(-1)?.sequence ?? end.sequence }
    if (!goesOn(end, next.sequence, after) || next.epoch < end.epoch) {
      return yield* new DeliveryConflict({ cameraId, ...end, known })
    }
    const kept = fresh.filter((entry) => !isErased(entry))
    yield* (yield* EventStore)
      .adopt(cameraId, kept, { tenantId: edge.tenantId, epoch: last.epoch, sequence: last.sequence })
      .pipe(Effect.catchTag("StaleEpoch", ({ current }) => new DeliveryConflict({ cameraId, ...end, epoch: current, known })))
    yield* Metric.incrementBy(delivered, kept.length)
    yield* publishStored(cameraId)
    return { sequence: last.sequence }
  })
