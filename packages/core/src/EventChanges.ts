import { Either } from "effect"
import { type AuditChange } from "./AuditEntry.js"
import { Event, type EventChange, EventEntry, mostNotes, mostTags } from "./Event.js"
import type { EventId } from "./Ids.js"
import { EventFull } from "./port/EventStore.js"

const audited = (
  eventId: EventId,
  action: "event.status" | "event.tags" | "event.ticket" | "event.note",
  field: string,
  before: unknown,
  after: unknown
): ReadonlyArray<AuditChange> =>
  JSON.stringify(before) === JSON.stringify(after)
    ? []
    : [{ action, subject: { type: "event", id: eventId }, before: { [field]: before }, after: { [field]: after } }]

const tagsAfter = (tags: ReadonlyArray<string>, { addTags = [], removeTags = [] }: EventChange): ReadonlyArray<string> =>
  [...new Set([...tags, ...addTags])].filter((tag) => !removeTags.includes(tag)).sort()

const present = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> | undefined => (list.length === 0 ? undefined : list)

/** An event after somebody changed it, and what the audit trail has of that; nothing where all was so before. */
export interface ChangedEvent {
  readonly entry: EventEntry
  readonly changes: ReadonlyArray<AuditChange>
}

/** Of notes the trail has how many there are, not what they say: nothing is ever erased from it. */
export const changeEvent = (before: EventEntry, change: EventChange): Either.Either<ChangedEvent, EventFull> => {
  const { event, notes = [], tags = [], ticket = null } = before
  const { eventId } = event
  const status = change.status ?? event.status
  const nextTags = tagsAfter(tags, change)
  const nextTicket = change.ticket === undefined ? ticket : change.ticket
  const nextNotes = change.note === undefined ? notes : [...notes, change.note]
  if (nextTags.length > mostTags) return Either.left(new EventFull({ eventId, what: "tags", most: mostTags }))
  if (nextNotes.length > mostNotes) return Either.left(new EventFull({ eventId, what: "notes", most: mostNotes }))
  const { notes: _notes, tags: _tags, ticket: _ticket, ...rest } = before
  const [shownTags, shownNotes] = [present(nextTags), present(nextNotes)]
  return Either.right({
    entry: EventEntry.make({
      ...rest,
      event: Event.make({ ...event, status }),
      ...(shownTags === undefined ? {} : { tags: shownTags }),
      ...(nextTicket === null ? {} : { ticket: nextTicket }),
      ...(shownNotes === undefined ? {} : { notes: shownNotes })
    }),
    changes: [
      ...audited(eventId, "event.status", "status", event.status, status),
      ...audited(eventId, "event.tags", "tags", tags, nextTags),
      ...audited(eventId, "event.ticket", "ticket", ticket, nextTicket),
      ...audited(eventId, "event.note", "notes", notes.length, nextNotes.length)
    ]
  })
}
