import { DateTime, Option, Schema } from "effect"
import { EventId } from "./Ids.js"
import type { EventEntry } from "./Event.js"

/** The place of an event in the order of lists: newest first, and by id where two began in the same millisecond. */
export interface EventCursor {
  readonly timestamp: DateTime.Utc
  readonly eventId: EventId
}

const separator = "~"
const decodeId = Schema.decodeUnknownOption(EventId)

export const cursorOf = (entry: EventEntry): EventCursor => ({ timestamp: entry.event.timestamp, eventId: entry.event.eventId })

/** As it travels in `EventQuery.cursor` and `EventPage.nextCursor`; safe in URLs. */
export const formatCursor = (cursor: EventCursor): string =>
  `${DateTime.toEpochMillis(cursor.timestamp)}${separator}${cursor.eventId}`

export const parseCursor = (text: string): Option.Option<EventCursor> => {
  const [millis, id, ...rest] = text.split(separator)
  if (millis === undefined || id === undefined || rest.length > 0 || !/^-?\d{1,15}$/.test(millis)) return Option.none()
  return Option.all({ timestamp: DateTime.make(Number(millis)), eventId: decodeId(id) })
}

/** Negative where `a` comes before `b` in lists. */
export const compareCursors = (a: EventCursor, b: EventCursor): number => {
  const byTime = DateTime.toEpochMillis(b.timestamp) - DateTime.toEpochMillis(a.timestamp)
  if (byTime !== 0) return byTime
  if (a.eventId === b.eventId) return 0
  return a.eventId < b.eventId ? 1 : -1
}
