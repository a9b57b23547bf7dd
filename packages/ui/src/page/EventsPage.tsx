import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { EventStatus, EventType } from "@vigil/core/Event"
import { permits } from "@vigil/core/User"
import { useEffect, useId, useState } from "react"
import { useClient, useUser } from "../client/ClientContext.js"
import { entries } from "../client/EventList.js"
import { eventsQuery, knownTags } from "../client/Events.js"
import { camerasQuery } from "../client/Queries.js"
import { Empty } from "../component/Empty.js"
import { EventRow } from "../component/EventRow.js"
import { SelectField, TextField } from "../component/Field.js"
import { Further } from "../component/Further.js"
import { Loaded } from "../component/Loaded.js"
import { PageHead } from "../component/PageHead.js"
import { type EventSearch, eventFilter, eventSearch } from "./EventSearch.js"
import { isNarrowed } from "./MoreSearch.js"
import { statusWords, typeWords } from "../words/EventWords.js"

const route = getRouteApi("/shell/events")

/** Narrows to a tag once it is known or typed to the end. */
const TagFilter = ({ tag, onChange }: { readonly tag: string; readonly onChange: (tag: string) => void }) => {
  const known = knownTags(useQueryClient())
  const [typed, setTyped] = useState(tag)
  const id = useId()
  useEffect(() => setTyped(tag), [tag])
  const choose = (text: string) => {
    setTyped(text)
    if (text === "" || known.includes(text)) onChange(text)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onChange(typed.trim())
      }}
    >
      <TextField
        label="Tag"
        type="search"
        list={id}
        maxLength={50}
        placeholder="All"
        autoComplete="off"
        value={typed}
        onChange={(event) => choose(event.target.value)}
        onBlur={() => onChange(typed.trim())}
      />
      <datalist id={id}>
        {known.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </form>
  )
}

const Filters = ({ search }: { readonly search: EventSearch }) => {
  const navigate = useNavigate()
  const cameras = useQuery(camerasQuery(useClient()))
  const narrow = (change: { readonly [Key in keyof EventSearch]?: string }) =>
    void navigate({ to: "/events", search: eventSearch({ ...search, more: undefined, ...change }), replace: true })
  return (
    <search className="mb-4 grid grid-cols-2 items-end gap-3 lg:grid-cols-4">
      <SelectField label="Camera" value={search.camera ?? ""} onChange={(event) => narrow({ camera: event.target.value })}>
        <option value="">All</option>
        {cameras.data?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField label="Type" value={search.type ?? ""} onChange={(event) => narrow({ type: event.target.value })}>
        <option value="">All</option>
        {EventType.literals.map((type) => (
          <option key={type} value={type}>
            {typeWords(type)}
          </option>
        ))}
      </SelectField>
      <SelectField label="Status" value={search.status ?? ""} onChange={(event) => narrow({ status: event.target.value })}>
        <option value="">All</option>
        {EventStatus.literals.map((status) => (
          <option key={status} value={status}>
            {statusWords(status)}
          </option>
        ))}
      </SelectField>
      <TagFilter tag={search.tag ?? ""} onChange={(tag) => narrow({ tag })} />
    </search>
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
            <NoEvents filtered={isNarrowed({ ...search })} />
          ) : (
            <ul className="panel overflow-hidden" aria-label="Events" aria-busy={events.isFetching}>
              {shown.map((entry) => (
                <EventRow key={entry.event.eventId} entry={entry} mayAnswer={mayAnswer} />
              ))}
            </ul>
          )
        }}
      </Loaded>
      <Further query={events} more={search.more} label="Older events" />
    </div>
  )
}
