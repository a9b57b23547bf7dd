/**
 * Erasing what is known of people: the events of a time, of a place, or of somebody who was followed, wherever they are kept, and the report of it, which
 * stays.
 *
 * @module
 */
import { Duration, Schema } from "effect"
import { type EventEntry, EventType } from "./Event.js"
import { CameraId, EdgeId, EventId, TenantId, TrackId, UserId } from "./Ids.js"
import { NodeName } from "./Node.js"
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

/** What an edge is told to erase from its own disk. */
export const ErasureOrder = Schema.Struct({ id: ErasureId, ...ErasureRequest.fields, requestedAt: Schema.DateTimeUtc })
export type ErasureOrder = typeof ErasureOrder.Type

/** What was erased of events, and of messages about them. */
export const ErasedEvents = Schema.Struct({ events: Count, messages: Count })
export type ErasedEvents = typeof ErasedEvents.Type

/** An edge of the tenant, and what it erased from its own disk. */
export const EdgeErasure = Schema.Struct({
  edgeId: EdgeId,
  name: NodeName,
  /** `pending`: it was not connected since, or is at it. `revoked`: it will never be told; what it has is on its disk. */
  state: Schema.Literal("pending", "erased", "revoked"),
  erasedAt: Schema.NullOr(Schema.DateTimeUtc),
  ...ErasedEvents.fields
}).annotations({ identifier: "EdgeErasure" })
export type EdgeErasure = typeof EdgeErasure.Type

/** An erasure and what came of it: the report. It names no event and nobody who was seen. */
export class Erasure extends Schema.Class<Erasure>("Erasure")({
  id: ErasureId,
  tenantId: TenantId,
  ...ErasureRequest.fields,
  requestedBy: Schema.Struct({ id: Schema.NullOr(UserId), username: Schema.String }),
  requestedAt: Schema.DateTimeUtc,
  /** How many events there were then, without those that only an edge had. */
  expected: Count,
  /** When nothing of it was left here; null: it is under way, and goes on by itself. */
  clearedAt: Schema.NullOr(Schema.DateTimeUtc),
  /** When nothing of it was left anywhere, edges included; null: it is not over. */
  finishedAt: Schema.NullOr(Schema.DateTimeUtc),
  erased: Schema.Struct({
    ...ErasureCounts.fields,
    /** Messages about these events that the bus kept for those who follow it. */
    messages: Count,
    /** Segments of video that waited for workers, and notes of those that failed there. */
    segments: Count
  }),
  edges: Schema.Array(EdgeErasure),
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

/** A part of a camera's video, or what was noted about it. */
export interface VideoPart {
  readonly cameraId: CameraId
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** Around an event of which its video may show something: events are told seconds after they began, and go on. */
const around = Duration.toMillis("1 minute")

/**
 * Whether a part of a camera's video may show what is to be erased: it is of the cameras and the time. Where some events or somebody are to be erased and not all of
 * it, the cameras and the time are those of the events that were found.
 */
export const mayShow = ({ erased, selection }: Pick<Erasure, "erased" | "selection">): ((part: VideoPart) => boolean) => {
  const { cameraIds, eventIds, eventTypes, from, to, trackingIds } = selection
  const isOfSome = [eventIds, eventTypes, trackingIds].some((given) => given !== undefined)
  const { byCamera, newest, oldest } = erased
  const cameras = isOfSome ? byCamera.map(({ cameraId }) => cameraId) : cameraIds
  const begin = Math.max(from?.epochMillis ?? -Infinity, isOfSome ? (oldest?.epochMillis ?? Infinity) - around : -Infinity)
  const end = Math.min(to?.epochMillis ?? Infinity, isOfSome ? (newest?.epochMillis ?? -Infinity) + around : Infinity)
  return (part) => isAmong(cameras, part.cameraId) && part.to >= begin && part.from < end
}

const lasting: ReadonlyArray<string> = [
  "The audit trail keeps that the status of an event was set, by whom and when, under the event's id; it has nothing of what was seen.",
  "Results of workers that no camera has taken in are gone five minutes after they were made.",
  "Archives that were handed out before (privacy.export in the audit trail) are with whoever has them.",
  "Backups of the database and of the data folder are as they were made, and PostgreSQL's own files are written over in time."
]

/** Where something of a tenant's may still be, and until when. */
export const remainsOf = (edges: ReadonlyArray<EdgeErasure>): ReadonlyArray<string> => [
  ...edges.flatMap(({ name, state }) => {
    if (state === "erased") return []
    return state === "pending"
      ? [`pending: edge ${name} has it on its disk until it is connected; nothing of it is taken in from there`]
      : [`edge ${name} was revoked before it could be told: what it has stays on its disk`]
  }),
  ...lasting
]
