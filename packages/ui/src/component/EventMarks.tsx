import { Link } from "@tanstack/react-router"
import type { EventEntry } from "@vigil/core/Event"
import { eventSearch } from "../page/EventSearch.js"
import { webAddress } from "../words/EventWords.js"
import { countOf } from "../words/Units.js"

/** The ticket's number, or the way to it where it is an address. */
export const Ticket = ({ ticket }: { readonly ticket: string }) => {
  const address = webAddress(ticket)
  return address === undefined ? (
    <span className="break-all">{ticket}</span>
  ) : (
    <a href={address} target="_blank" rel="noreferrer" className="break-all text-accent hover:underline">
      {ticket}
    </a>
  )
}

/** What people added to an event, in one line; a tag leads to all events that have it. */
export const EventMarks = ({ entry: { notes = [], tags = [], ticket } }: { readonly entry: EventEntry }) =>
  notes.length + tags.length === 0 && ticket === undefined ? null : (
    <div className="mt-1 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-[13px] text-muted" data-testid="event-marks">
      {tags.length > 0 && (
        <ul className="flex flex-wrap gap-1" aria-label="Tags">
          {tags.map((tag) => (
            <li key={tag} className="min-w-0">
              <Link
                to="/events"
                search={(search) => eventSearch({ ...search, more: undefined, tag })}
                title={`All events with the tag ${tag}`}
                className="inline-block rounded bg-raised px-2 py-0.5 break-all text-soft hover:bg-hover hover:text-ink"
              >
                {tag}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {ticket !== undefined && (
        <span className="max-w-full truncate">
          Ticket <Ticket ticket={ticket} />
        </span>
      )}
      {notes.length > 0 && <span>{countOf(notes.length, "note")}</span>}
    </div>
  )
