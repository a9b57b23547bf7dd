import { type DateTime, Schema } from "effect"
import type { EventEntry, EventQuery } from "./Event.js"
import { EventId } from "./Ids.js"
import { pageCursors } from "./PageCursor.js"

/** The years that databases and programs agree upon, 1 to 9999. */
const Moment = Schema.DateTimeUtcFromNumber.pipe(
  Schema.filter(({ epochMillis }) => epochMillis >= -62_135_596_800_000 && epochMillis <= 253_402_300_799_999)
)

const Position = Schema.Struct({ timestamp: Moment, eventId: EventId })

/** The place of an event in the order of lists: newest first, and by id where two began in the same millisecond. */
export interface EventCursor {
  readonly timestamp: DateTime.Utc
  readonly eventId: EventId
}

export const cursorOf = (entry: EventEntry): EventCursor => ({ timestamp: entry.event.timestamp, eventId: entry.event.eventId })

/** As they travel in `EventQuery.cursor` and `EventPage.nextCursor`. */
export const eventCursors = pageCursors<typeof Position.Type, typeof Position.Encoded, EventQuery>("events", Position)

/** Negative where `a` comes before `b` in lists. */
export const compareCursors = (a: EventCursor, b: EventCursor): number => {
  const byTime = b.timestamp.epochMillis - a.timestamp.epochMillis
  if (byTime !== 0) return byTime
  if (a.eventId === b.eventId) return 0
  return a.eventId < b.eventId ? 1 : -1
}
