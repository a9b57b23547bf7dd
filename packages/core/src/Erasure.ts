/**
 * Erasing what is known of people: the events of a time, of a place, or of somebody who was followed, wherever they are kept, and the report of it, which
 * stays.
 *
 * @module
 */
import { Schema } from "effect"
import { type EventEntry, EventType } from "./Event.js"
import { CameraId, EventId, TenantId, TrackId, UserId } from "./Ids.js"
import { Prose } from "./PlainText.js"

export const ErasureId = Schema.UUID.pipe(Schema.brand("ErasureId"))
export type ErasureId = typeof ErasureId.Type

const some = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.optional(Schema.Array(item).pipe(Schema.minItems(1), Schema.maxItems(500)))

const selection = {
  /** Events that began from then on, and before then. */
  from: Schema.optional(Schema.DateTimeUtc),
  to: Schema.optional(Schema.DateTimeUtc),
  cameraIds: some(CameraId),
  eventTypes: some(EventType),
  /** A person's: each track is one who was followed in front of one camera, as `trackingId` of the events says. */
  trackingIds: some(TrackId),
  eventIds: some(EventId)
}

/** Which events are to be erased: those that all of it holds for. */
export const ErasureSelection = Schema.Struct(selection)
  .pipe(
    Schema.filter(
      ({ cameraIds, eventIds, from, to, trackingIds }) =>
        [cameraIds, eventIds, from, to, trackingIds].some((given) => given !== undefined) ||
        "say which: a time, cameras, tracks or events"
    ),
    Schema.filter(
      ({ from, to }) =>
        from === undefined || to === undefined || from.epochMillis < to.epochMillis || "the time must end after it begins"
    )
  )
  .annotations({ identifier: "ErasureSelection" })
export type ErasureSelection = typeof ErasureSelection.Type

/** `reason`: why, in the words of whoever asks for it; it is kept, so it should name nobody. */
export const ErasureRequest = Schema.Struct({
  selection: ErasureSelection,
  reason: Prose(500).pipe(Schema.trimmed(), Schema.minLength(1))
}).annotations({ identifier: "ErasureRequest" })
export type ErasureRequest = typeof ErasureRequest.Type

const Count = Schema.Int.pipe(Schema.nonNegative())

/** What an erasure finds. */
export const ErasureCounts = Schema.Struct({
  events: Count,
  byCamera: Schema.Array(Schema.Struct({ cameraId: CameraId, events: Count })),
  byType: Schema.Array(Schema.Struct({ eventType: EventType, events: Count })),
  /** When the first and the last of them began. */
  oldest: Schema.NullOr(Schema.DateTimeUtc),
  newest: Schema.NullOr(Schema.DateTimeUtc)
}).annotations({ identifier: "ErasureCounts" })
export type ErasureCounts = typeof ErasureCounts.Type

export const noCounts: ErasureCounts = { events: 0, byCamera: [], byType: [], oldest: null, newest: null }

const addUp = <K extends string, A extends { readonly events: number }>(
  lists: ReadonlyArray<ReadonlyArray<A>>,
  keyOf: (item: A) => K,
  make: (key: K, events: number) => A
): ReadonlyArray<A> => {
  const counts = new Map<K, number>()
  for (const item of lists.flat()) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + item.events)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, events]) => make(key, events))
}

/** What two parts of an erasure found together. */
export const addCounts = (a: ErasureCounts, b: ErasureCounts): ErasureCounts => ({
  events: a.events + b.events,
  byCamera: addUp(
    [a.byCamera, b.byCamera],
    ({ cameraId }) => cameraId,
    (cameraId, events) => ({ cameraId, events })
  ),
  byType: addUp(
    [a.byType, b.byType],
    ({ eventType }) => eventType,
    (eventType, events) => ({ eventType, events })
  ),
  oldest: a.oldest !== null && (b.oldest === null || a.oldest.epochMillis < b.oldest.epochMillis) ? a.oldest : b.oldest,
  newest: a.newest !== null && (b.newest === null || a.newest.epochMillis > b.newest.epochMillis) ? a.newest : b.newest
})

/** An erasure and what came of it: the report. It names no event and nobody who was seen. */
export class Erasure extends Schema.Class<Erasure>("Erasure")({
  id: ErasureId,
  tenantId: TenantId,
  ...ErasureRequest.fields,
  requestedBy: Schema.Struct({ id: Schema.NullOr(UserId), username: Schema.String }),
  requestedAt: Schema.DateTimeUtc,
  /** Null: it is not over yet, and goes on by itself. */
  finishedAt: Schema.NullOr(Schema.DateTimeUtc),
  erased: Schema.Struct({
    ...ErasureCounts.fields,
    /** Messages about these events that the bus kept for those who follow it. */
    messages: Count
  }),
  /** Where something of them may still be, and until when. */
  remains: Schema.Array(Schema.String)
}) {}

const isAmong = <A>(wanted: ReadonlyArray<A> | undefined, value: A | undefined): boolean =>
  wanted === undefined || (value !== undefined && wanted.includes(value))

/** Whether an event is to be erased. */
export const isSelected = (chosen: ErasureSelection, { event }: Pick<EventEntry, "event">): boolean =>
  (chosen.from === undefined || chosen.from.epochMillis <= event.timestamp.epochMillis) &&
  (chosen.to === undefined || event.timestamp.epochMillis < chosen.to.epochMillis) &&
  isAmong(chosen.cameraIds, event.cameraId) &&
  isAmong(chosen.eventTypes, event.eventType) &&
  isAmong(chosen.trackingIds, event.detectionMetadata.trackingId) &&
  isAmong(chosen.eventIds, event.eventId)

/** What of a tenant's is not erased, and why. */
export const erasureRemains: ReadonlyArray<string> = [
  "The audit trail keeps that the status of an event was set, by whom and when, under the event's id; it has nothing of what was seen.",
  "Segments that were on their way to workers as VideoJobs, and those that failed there, are gone when their time is over (VIGIL_JOBS_MAX_AGE, and seven days).",
  "An edge keeps the events that it has delivered on its own disk for up to 30 days.",
  "Backups of the database and of the data folder are as they were made."
]
