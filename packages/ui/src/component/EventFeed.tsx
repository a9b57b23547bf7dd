import { useInfiniteQuery } from "@tanstack/react-query"
import type { EventEntry } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import type { Priority } from "@vigil/core/Priority"
import { useClient } from "../client/ClientContext.js"
import { entries } from "../client/EventList.js"
import { eventsQuery } from "../client/Events.js"
import { eventSubject, priorityWords, typeWords } from "../words/EventWords.js"
import { CameraLink } from "./CameraLink.js"
import { Loaded } from "./Loaded.js"
import { Time } from "./Time.js"

const bars: Readonly<Record<Priority, string>> = { CRITICAL: "bg-bad", HIGH: "bg-warn", MEDIUM: "bg-calm", STANDARD: "bg-edge" }

const Item = ({ entry: { event }, named }: { readonly entry: EventEntry; readonly named: boolean }) => (
  <li
    data-testid="feed-event"
    data-event={event.eventId}
    className="flex gap-3 border-b border-line/60 px-4 py-2.5 last:border-0"
  >
    <span className={`w-1 shrink-0 rounded-full ${bars[event.priority]}`} title={`${priorityWords(event.priority)} priority`} />
    <div className="min-w-0 flex-1">
      <div className="flex items-baseline gap-2">
        <span className={`truncate ${event.status === "NEW" ? "font-medium" : "text-soft"}`}>{typeWords(event.eventType)}</span>
        <span className="ml-auto shrink-0 text-xs text-muted">
          <Time at={event.timestamp} />
        </span>
      </div>
      <p className="truncate text-[13px] text-muted">
        {named && <CameraLink id={event.cameraId} className="text-soft" />}
        {named && eventSubject(event) !== "" && " · "}
        {eventSubject(event)}
      </p>
    </div>
  </li>
)

/** The newest events, of one camera or of all, filling in as they happen. */
export const EventFeed = ({ cameraId, limit = 40 }: { readonly cameraId?: CameraId; readonly limit?: number }) => {
  const client = useClient()
  const events = useInfiniteQuery(eventsQuery(client, cameraId === undefined ? {} : { cameraId }))
  return (
    <Loaded query={events}>
      {({ pages }) => {
        const shown = entries(pages).slice(0, limit)
        return shown.length === 0 ? (
          <p className="p-4 text-muted">Nothing happened yet. Motion, tampering and intrusions appear here at once.</p>
        ) : (
          <ul aria-label="Newest events" data-testid="event-feed">
            {shown.map((entry) => (
              <Item key={entry.event.eventId} entry={entry} named={cameraId === undefined} />
            ))}
          </ul>
        )
      }}
    </Loaded>
  )
}
