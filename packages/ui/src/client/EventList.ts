import type { EventEntry, EventPage, EventStatus, EventType } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"

/** What a list of events is narrowed to; absent: everything. */
export interface EventFilter {
  readonly cameraId?: CameraId | undefined
  readonly eventType?: EventType | undefined
  readonly status?: EventStatus | undefined
  readonly tag?: string | undefined
}

const accepts = (filter: EventFilter, { event, tags = [] }: EventEntry): boolean =>
  (filter.cameraId === undefined || filter.cameraId === event.cameraId) &&
  (filter.eventType === undefined || filter.eventType === event.eventType) &&
  (filter.status === undefined || filter.status === event.status) &&
  (filter.tag === undefined || tags.includes(filter.tag))

const time = ({ event }: EventEntry): number => event.timestamp.epochMillis

const sameEvent =
  (entry: EventEntry) =>
  (other: EventEntry): boolean =>
    other.event.eventId === entry.event.eventId

/**
 * The loaded pages, newest first, after `entry` came in: a known event is replaced where it stands (or leaves a list that it no
 * longer fits), a new one is put in its place on the first page. The same object when nothing changed.
 */
export const withEntry = (pages: ReadonlyArray<EventPage>, filter: EventFilter, entry: EventEntry): ReadonlyArray<EventPage> => {
  const isSame = sameEvent(entry)
  const fits = accepts(filter, entry)
  const holder = pages.findIndex((page) => page.events.some(isSame))
  if (holder >= 0) {
    return pages.map((page, index) =>
      index !== holder
        ? page
        : {
            ...page,
            events: fits
              ? page.events.map((other) => (isSame(other) ? entry : other))
              : page.events.filter((other) => !isSame(other))
          }
    )
  }
  const [first, ...rest] = pages
  if (!fits || first === undefined) return pages
  const older = first.events.findIndex((other) => time(other) <= time(entry))
  // Older than the whole page: it belongs to a page that is loaded later.
  if (older < 0 && first.nextCursor !== undefined) return pages
  return [{ ...first, events: first.events.toSpliced(older < 0 ? first.events.length : older, 0, entry) }, ...rest]
}

export const entries = (pages: ReadonlyArray<EventPage>): ReadonlyArray<EventEntry> => {
  const seen = new Set<string>()
  return pages.flatMap((page) => page.events.filter(({ event }) => !seen.has(event.eventId) && seen.add(event.eventId)))
}
