import { Schema } from "effect"
import { BoundingBox } from "./geometry/BoundingBox.js"
import { CameraId, Epoch, EventId, TenantId, TrackId } from "./Ids.js"
import { CursorText } from "./PageCursor.js"
import { PlainName, Prose } from "./PlainText.js"
import { Priority } from "./Priority.js"

/** What can happen in front of a camera, and to it. */
export const EventType = Schema.Literal(
  "INTRUSION",
  "MOTION",
  "TAMPERING",
  "FIRE_SMOKE",
  "CROWD",
  "MISSING_OBJECT",
  "ABNORMAL_BEHAVIOUR",
  "FALLEN_PERSON",
  "TAILGATING",
  "LICENCE_PLATE",
  "FACE"
)
export type EventType = typeof EventType.Type

export const EventStatus = Schema.Literal("NEW", "ACKNOWLEDGED", "RESOLVED", "FALSE_POSITIVE")
export type EventStatus = typeof EventStatus.Type

/** Where and what was detected. All of it is absent where an event is about the whole picture (tampering). */
export const DetectionMetadata = Schema.Struct({
  boundingBox: Schema.optional(BoundingBox),
  objectClass: Schema.optional(Schema.String),
  trackingId: Schema.optional(TrackId),
  /** The zone or line that it happened in. */
  zone: Schema.optional(Schema.String),
  /** What kind of it, for example `cover` or `defocus` of tampering, `enter` or `loiter` of an intrusion. */
  detail: Schema.optional(Schema.String)
})
export type DetectionMetadata = typeof DetectionMetadata.Type

/** One event, in the structure that is stored, published and answered everywhere. */
export class Event extends Schema.Class<Event>("Event")({
  eventId: EventId,
  customerId: TenantId,
  cameraId: CameraId,
  eventType: EventType,
  confidence: Schema.Number.pipe(Schema.between(0, 1)),
  /** When it began, by the camera's clock. */
  timestamp: Schema.DateTimeUtc,
  detectionMetadata: DetectionMetadata,
  /** Absent as long as there is no clip. */
  clipUrl: Schema.NullOr(Schema.String),
  priority: Priority,
  status: EventStatus
}) {}

/** A word that people sort events by. */
export const EventTag = PlainName(50)

/** Tags that an event may have. */
export const mostTags = 32

/** Notes that an event may have. */
export const mostNotes = 50

/** What somebody wrote about an event. Nobody changes it. */
export const EventNote = Schema.Struct({
  by: Schema.String,
  at: Schema.DateTimeUtc,
  text: Prose(1000)
}).annotations({ identifier: "EventNote" })
export type EventNote = typeof EventNote.Type

/** Where an event is dealt with elsewhere: the number or address of a ticket. */
const TicketReference = PlainName(200)

/**
 * An event as a camera's actor wrote it: the place in that camera's log. Sequences have no gaps within a camera; the epoch
 * tells which actor wrote it.
 */
export class EventEntry extends Schema.Class<EventEntry>("EventEntry")({
  sequence: Schema.Int.pipe(Schema.positive()),
  epoch: Epoch,
  event: Event,
  /** What people added later; absent as long as nobody did. */
  tags: Schema.optional(Schema.Array(EventTag)),
  ticket: Schema.optional(TicketReference),
  notes: Schema.optional(Schema.Array(EventNote))
}) {}

const SomeTags = Schema.Array(EventTag).pipe(Schema.maxItems(mostTags))

/** What people change of an event; tags that it has, or has not, are no error. */
export const EventPatch = Schema.Struct({
  status: Schema.optional(EventStatus),
  addTags: Schema.optional(SomeTags),
  removeTags: Schema.optional(SomeTags),
  /** Escalates the event to this ticket; null takes that back. */
  ticket: Schema.optional(Schema.NullOr(TicketReference))
}).annotations({ identifier: "EventPatch" })
export type EventPatch = typeof EventPatch.Type

/** A note as it is typed in. */
export const NewEventNote = Schema.Struct({
  text: Prose(1000).pipe(Schema.filter((text) => text.trim() !== "" || "Expected some text"))
}).annotations({ identifier: "NewEventNote" })
export type NewEventNote = typeof NewEventNote.Type

/** A change of what people know of an event. */
export const EventChange = Schema.Struct({ ...EventPatch.fields, note: Schema.optional(EventNote) })
export type EventChange = typeof EventChange.Type

/** Which events to list: newest first, `cursor` being the `nextCursor` of the page before, of the same filters. */
export const EventQuery = Schema.Struct({
  cameraId: Schema.optional(CameraId),
  eventType: Schema.optional(EventType),
  status: Schema.optional(EventStatus),
  tag: Schema.optional(EventTag),
  from: Schema.optional(Schema.DateTimeUtc),
  to: Schema.optional(Schema.DateTimeUtc),
  cursor: Schema.optional(CursorText),
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 500)), { default: () => 50 })
}).annotations({ identifier: "EventQuery" })
export type EventQuery = typeof EventQuery.Type

/** An event as it travels on the bus, and where: to go on later, ask for `position + 1`. */
export const EventDelivery = Schema.Struct({
  position: Schema.Int.pipe(Schema.positive()),
  entry: EventEntry
}).annotations({ identifier: "EventDelivery" })
export type EventDelivery = typeof EventDelivery.Type

export const EventPage = Schema.Struct({
  events: Schema.Array(EventEntry),
  /** Give it as `cursor` for the next page; absent on the last one. */
  nextCursor: Schema.optional(Schema.String)
}).annotations({ identifier: "EventPage" })
export type EventPage = typeof EventPage.Type
