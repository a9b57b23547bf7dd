import { DateTime, Effect, Layer } from "effect"
import { eventChanged } from "../BusMessage.js"
import { changeEvent } from "../EventChanges.js"
import { compareCursors, cursorOf, eventCursors } from "../EventCursor.js"
import type { EventEntry, EventQuery } from "../Event.js"
import { type CameraId, Epoch, type EventId } from "../Ids.js"
import { EventNotFound, EventStore, StaleEpoch } from "../port/EventStore.js"
import { StoreUnavailable } from "../port/StoreError.js"
import type { OutboxMemory } from "./OutboxMemory.js"

/** One camera's log: its newest sequence outlives the entries that were dropped to keep the bound. */
interface CameraLog {
  epoch: Epoch
  lastSequence: number
  published: number
  readonly bySequence: Map<number, EventId>
}

const matches = (query: EventQuery, { event, tags = [] }: EventEntry): boolean =>
  (query.cameraId === undefined || query.cameraId === event.cameraId) &&
  (query.eventType === undefined || query.eventType === event.eventType) &&
  (query.status === undefined || query.status === event.status) &&
  (query.tag === undefined || tags.includes(query.tag)) &&
  (query.from === undefined || query.from.epochMillis <= event.timestamp.epochMillis) &&
  (query.to === undefined || event.timestamp.epochMillis < query.to.epochMillis)

const refused = (detail: string) => new StoreUnavailable({ operation: "append events", detail })

/** Entries that are not in the log yet, or why they cannot be written. */
const missing = (
  cameraId: CameraId,
  log: CameraLog,
  entries: ReadonlyArray<EventEntry>,
  hasGaps = false
): Effect.Effect<ReadonlyArray<EventEntry>, StaleEpoch | StoreUnavailable> => {
  const fresh: Array<EventEntry> = []
  for (const entry of entries) {
    if (entry.event.cameraId !== cameraId) return Effect.fail(refused(`event ${entry.event.eventId} is of another camera`))
    if (entry.epoch < log.epoch) return Effect.fail(new StaleEpoch({ cameraId, epoch: entry.epoch, current: log.epoch }))
    const next = (fresh.at(-1)?.sequence ?? log.lastSequence) + 1
    if (entry.sequence === next || (hasGaps && entry.sequence > next)) fresh.push(entry)
    else if (entry.sequence > next) return Effect.fail(refused(`sequence ${entry.sequence} leaves a gap: ${next} comes next`))
    else if ((log.bySequence.get(entry.sequence) ?? entry.event.eventId) !== entry.event.eventId) {
      return Effect.fail(refused(`sequence ${entry.sequence} is taken by another event`))
    }
  }
  return Effect.succeed(fresh)
}

/** An event log within this process; beyond `capacity` entries the oldest written ones go. */
export const makeEventStoreMemory = (capacity: number, outbox?: OutboxMemory): typeof EventStore.Service => {
  const logs = new Map<CameraId, CameraLog>()
  const entries = new Map<EventId, EventEntry>()

  const logOf = (cameraId: CameraId): CameraLog => {
    const existing = logs.get(cameraId)
    if (existing !== undefined) return existing
    const created: CameraLog = { epoch: Epoch.make(0), lastSequence: 0, published: 0, bySequence: new Map() }
    logs.set(cameraId, created)
    return created
  }

  const shrink = () => {
    for (const [id, { event, sequence }] of entries) {
      if (entries.size <= capacity) return
      entries.delete(id)
      logs.get(event.cameraId)?.bySequence.delete(sequence)
    }
  }

  const write = (log: CameraLog, fresh: ReadonlyArray<EventEntry>) => {
    for (const entry of fresh) {
      entries.set(entry.event.eventId, entry)
      log.bySequence.set(entry.sequence, entry.event.eventId)
      log.lastSequence = entry.sequence
    }
    shrink()
  }

  const store: typeof EventStore.Service = {
    append: (cameraId, batch) =>
      Effect.suspend(() => {
        const log = logOf(cameraId)
        return Effect.map(missing(cameraId, log, batch), (fresh) => {
          for (const { epoch } of batch) if (epoch > log.epoch) log.epoch = epoch
          write(log, fresh)
        })
      }),
    adopt: (cameraId, batch, { epoch, sequence }) =>
      Effect.suspend(() => {
        const log = logOf(cameraId)
        const first = batch[0]?.epoch ?? epoch
        if (first < log.epoch) return Effect.fail(new StaleEpoch({ cameraId, epoch: first, current: log.epoch }))
        return Effect.map(missing(cameraId, log, batch, true), (fresh) => {
          log.epoch = epoch
          write(log, fresh)
          log.lastSequence = Math.max(log.lastSequence, sequence)
        })
      }),
    progress: (cameraId) =>
      Effect.sync(() => ({ stored: logs.get(cameraId)?.lastSequence ?? 0, published: logs.get(cameraId)?.published ?? 0 })),
    after: (cameraId, sequence, limit) =>
      Effect.sync(() =>
        [...(logs.get(cameraId)?.bySequence ?? [])]
          .filter(([at]) => at > sequence)
          .slice(0, limit)
          .flatMap(([, id]) => entries.get(id) ?? [])
      ),
    markPublished: (cameraId, sequence) =>
      Effect.sync(() => {
        const log = logOf(cameraId)
        log.published = Math.max(log.published, sequence)
      }),
    unpublished: (age) =>
      Effect.map(DateTime.now, (now) =>
        [...logs].flatMap(([id, log]) => {
          const eventId = log.bySequence.get(log.published + 1)
          const first = eventId === undefined ? undefined : entries.get(eventId)
          return first !== undefined && first.event.timestamp.epochMillis <= now.epochMillis - age ? [id] : []
        })
      ),
    query: (tenant, query) =>
      Effect.map(eventCursors.parse(query), (after) => {
        const found = [...entries.values()]
          .filter((entry) => entry.event.customerId === tenant && matches(query, entry))
          .filter((entry) => after === undefined || compareCursors(after, cursorOf(entry)) < 0)
          .sort((a, b) => compareCursors(cursorOf(a), cursorOf(b)))
        const page = found.slice(0, query.limit)
        const last = page.at(-1)
        return last === undefined || found.length <= query.limit
          ? { events: page }
          : { events: page, nextCursor: eventCursors.format(query, cursorOf(last)) }
      }),
    get: (tenant, eventId) =>
      Effect.suspend(() => {
        const entry = entries.get(eventId)
        return entry?.event.customerId === tenant ? Effect.succeed(entry) : Effect.fail(new EventNotFound({ eventId }))
      }),
    change: (tenant, eventId, change) =>
      Effect.gen(function* () {
        const { changes, entry } = yield* changeEvent(yield* store.get(tenant, eventId), change)
        if (changes.length === 0) return entry
        entries.set(eventId, entry)
        if (outbox !== undefined) yield* outbox.add([eventChanged(entry, yield* DateTime.now)])
        return entry
      })
  }
  return store
}

/** An event log within this process that keeps the newest 100,000 entries. */
export const layerEventStoreMemory: Layer.Layer<EventStore> = Layer.sync(EventStore, () => makeEventStoreMemory(100_000))
