import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { EventEntry, EventStatus } from "@vigil/core/Event"
import { useId, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { changeEvent } from "../client/Events.js"
import { errorWords } from "../words/ErrorWords.js"
import { eventSubject, typeWords } from "../words/EventWords.js"
import { EventStatusBadge, PriorityMark } from "./Badge.js"
import { Button } from "./Button.js"
import { CameraLink } from "./CameraLink.js"
import { EventDetails } from "./EventDetails.js"
import { EventMarks } from "./EventMarks.js"
import { Time } from "./Time.js"

const answers: Readonly<Record<EventStatus, ReadonlyArray<readonly [EventStatus, string]>>> = {
  NEW: [
    ["ACKNOWLEDGED", "Acknowledge"],
    ["RESOLVED", "Resolve"],
    ["FALSE_POSITIVE", "False positive"]
  ],
  ACKNOWLEDGED: [
    ["RESOLVED", "Resolve"],
    ["FALSE_POSITIVE", "False positive"]
  ],
  RESOLVED: [["NEW", "Reopen"]],
  FALSE_POSITIVE: [["NEW", "Reopen"]]
}

const Answers = ({ entry }: { readonly entry: EventEntry }) => {
  const client = useClient()
  const queries = useQueryClient()
  const answer = useMutation({ mutationFn: (status: EventStatus) => changeEvent(client, queries, entry, { status }) })
  return (
    <>
      {answers[entry.event.status].map(([status, label]) => (
        <Button
          key={status}
          small
          tone="quiet"
          className="border border-line"
          disabled={answer.isPending}
          onClick={() => answer.mutate(status)}
        >
          {label}
        </Button>
      ))}
      {answer.isError && (
        <p role="alert" className="order-last col-span-2 w-full text-[13px] text-bad lg:text-right">
          {errorWords(answer.error)}
        </p>
      )}
    </>
  )
}

/** One event: what it is, how it is answered, and what people added to it. */
export const EventRow = ({ entry, mayAnswer }: { readonly entry: EventEntry; readonly mayAnswer: boolean }) => {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const { event, notes } = entry
  const hasDetails = mayAnswer || notes !== undefined
  return (
    <li
      data-testid="event-row"
      data-event={event.eventId}
      data-status={event.status}
      className="grid gap-x-4 gap-y-1.5 border-b border-line/60 px-4 py-2.5 last:border-0 lg:grid-cols-[165px_minmax(0,1fr)_125px_auto] lg:items-start"
    >
      <div className="flex items-baseline gap-3 lg:block">
        <Time at={event.timestamp} withDate />
        <div>
          <PriorityMark priority={event.priority} />
        </div>
        <span className="ml-auto lg:hidden">
          <EventStatusBadge status={event.status} />
        </span>
      </div>
      <div className="min-w-0">
        <p className="font-medium">
          {typeWords(event.eventType)}
          {eventSubject(event) !== "" && <span className="font-normal text-soft"> · {eventSubject(event)}</span>}
        </p>
        <p className="truncate text-[13px] text-muted">
          <CameraLink id={event.cameraId} />
          <span className="tabular" title="How sure the analysis is">
            {" "}
            · {Math.round(event.confidence * 100)} % sure
          </span>
        </p>
        <EventMarks entry={entry} />
      </div>
      <span className="hidden lg:block">
        <EventStatusBadge status={event.status} />
      </span>
      {hasDetails && (
        <div className="grid grid-cols-2 gap-1.5 sm:flex sm:flex-wrap lg:w-[24.5rem] lg:justify-end">
          {mayAnswer && <Answers entry={entry} />}
          <Button
            small
            tone="quiet"
            className="border border-line"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          >
            {mayAnswer ? "Tag, note" : "Notes"}
          </Button>
        </div>
      )}
      {isOpen && (
        <div id={id} className="lg:col-span-4">
          <EventDetails entry={entry} mayAnswer={mayAnswer} />
        </div>
      )}
    </li>
  )
}
