import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { type EventEntry, EventStatus, EventType } from "@vigil/core/Event"
import { permits } from "@vigil/core/User"
import type { ReactNode } from "react"
import { useClient, useUser } from "../client/ClientContext.js"
import { entries } from "../client/EventList.js"
import { eventsQuery, setEventStatus } from "../client/Events.js"
import { camerasQuery } from "../client/Queries.js"
import { EventStatusBadge, PriorityMark } from "../component/Badge.js"
import { Button } from "../component/Button.js"
import { CameraLink } from "../component/CameraLink.js"
import { Empty } from "../component/Empty.js"
import { Loaded } from "../component/Loaded.js"
import { PageHead } from "../component/PageHead.js"
import { Time } from "../component/Time.js"
import { type EventSearch, eventFilter, eventSearch } from "./EventSearch.js"
import { errorWords } from "../words/ErrorWords.js"
import { eventSubject, statusWords, typeWords } from "../words/EventWords.js"

const route = getRouteApi("/shell/events")
const Choice = ({
  label,
  value,
  onChange,
  children
}: {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
  readonly children: ReactNode
}) => (
  <label className="flex min-w-0 flex-col gap-1 text-[13px] text-muted sm:w-48">
    {label}
    <select className="field text-sm" value={value ?? ""} onChange={(event) => onChange(event.target.value || undefined)}>
      <option value="">All</option>
      {children}
    </select>
  </label>
)

const Filters = ({ search }: { readonly search: EventSearch }) => {
  const navigate = useNavigate()
  const cameras = useQuery(camerasQuery(useClient()))
  const narrow = (change: { readonly [Key in keyof EventSearch]?: string | undefined }) =>
    void navigate({ to: "/events", search: eventSearch({ ...search, ...change }), replace: true })
  return (
    <div className="mb-4 grid grid-cols-2 gap-3 sm:flex sm:flex-wrap">
      <Choice label="Camera" value={search.camera} onChange={(camera) => narrow({ camera })}>
        {cameras.data?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Choice>
      <Choice label="Type" value={search.type} onChange={(type) => narrow({ type })}>
        {EventType.literals.map((type) => (
          <option key={type} value={type}>
            {typeWords(type)}
          </option>
        ))}
      </Choice>
      <Choice label="Status" value={search.status} onChange={(status) => narrow({ status })}>
        {EventStatus.literals.map((status) => (
          <option key={status} value={status}>
            {statusWords(status)}
          </option>
        ))}
      </Choice>
    </div>
  )
}

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
  const answer = useMutation({ mutationFn: (status: EventStatus) => setEventStatus(client, queries, entry, status) })
  return (
    <div className="flex flex-wrap gap-1.5 lg:justify-end">
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
        <p role="alert" className="w-full text-[13px] text-bad lg:text-right">
          {errorWords(answer.error)}
        </p>
      )}
    </div>
  )
}

const Row = ({ entry, mayAnswer }: { readonly entry: EventEntry; readonly mayAnswer: boolean }) => {
  const { event } = entry
  return (
    <li
      data-testid="event-row"
      data-event={event.eventId}
      data-status={event.status}
      className="grid gap-x-4 gap-y-1.5 border-b border-line/60 px-4 py-2.5 last:border-0 lg:grid-cols-[165px_minmax(0,1fr)_125px_305px] lg:items-center"
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
      </div>
      <span className="hidden lg:block">
        <EventStatusBadge status={event.status} />
      </span>
      {mayAnswer && <Answers entry={entry} />}
    </li>
  )
}

const NoEvents = ({ filtered }: { readonly filtered: boolean }) => (
  <Empty icon="bell" title={filtered ? "No such events" : "No events yet"}>
    <p>
      {filtered
        ? "Nothing fits these filters. Events that do appear here as they happen."
        : "Motion, tampering and intrusions appear here as they happen. Draw zones on a camera's picture to be told of intrusions."}
    </p>
  </Empty>
)

export const EventsPage = () => {
  const client = useClient()
  const search = route.useSearch()
  const mayAnswer = permits(useUser().role, "operator")
  const events = useInfiniteQuery(eventsQuery(client, eventFilter(search)))
  return (
    <div className="mx-auto max-w-6xl p-3 sm:p-5">
      <PageHead title="Events" note="Newest first, filling in as they happen" />
      <Filters search={search} />
      <Loaded query={events}>
        {({ pages }) => {
          const shown = entries(pages)
          return shown.length === 0 ? (
            <NoEvents filtered={Object.keys(search).length > 0} />
          ) : (
            <ul className="panel overflow-hidden" aria-label="Events" aria-busy={events.isFetching}>
              {shown.map((entry) => (
                <Row key={entry.event.eventId} entry={entry} mayAnswer={mayAnswer} />
              ))}
            </ul>
          )
        }}
      </Loaded>
      {events.hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button busy={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
            Older events
          </Button>
        </div>
      )}
    </div>
  )
}
