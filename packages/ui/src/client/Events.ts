import { type InfiniteData, infiniteQueryOptions, type QueryClient, type QueryKey } from "@tanstack/react-query"
import type { EventEntry, EventPage, EventPatch } from "@vigil/core/Event"
import { type EventFilter, withEntry } from "./EventList.js"
import type { VigilClient } from "./VigilClient.js"

const pageSize = 50
/** A list that grew beyond this by events that came in is loaded anew. */
const longest = 500
/** Milliseconds over which events that come in are gathered before the page is drawn. */
const gathering = 150

type Loaded = InfiniteData<EventPage, string | undefined>

export const eventsQuery = (client: VigilClient, filter: EventFilter) =>
  infiniteQueryOptions({
    queryKey: ["events", filter] as const,
    queryFn: ({ pageParam, signal }) =>
      client.call(
        (rpc) =>
          rpc.QueryEvents({
            query: {
              limit: pageSize,
              ...filter,
              ...(pageParam === undefined ? {} : { cursor: pageParam })
            }
          }),
        { signal }
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor
  })

const filterOf = (key: QueryKey): EventFilter => (typeof key[1] === "object" && key[1] !== null ? key[1] : {})

const putIn = (queries: QueryClient, arrived: ReadonlyArray<EventEntry>): void => {
  for (const [key, data] of queries.getQueriesData<Loaded>({ queryKey: ["events"] })) {
    if (data === undefined) continue
    const pages = arrived.reduce((all, entry) => withEntry(all, filterOf(key), entry), data.pages as ReadonlyArray<EventPage>)
    if (pages === data.pages) continue
    if ((pages[0]?.events.length ?? 0) > longest) void queries.resetQueries({ queryKey: key, exact: true })
    else queries.setQueryData<Loaded>(key, { ...data, pages: [...pages] })
  }
}

/** Puts events into every loaded list as they happen. Returns what stops it. */
export const followEvents = (client: VigilClient, queries: QueryClient): (() => void) => {
  let waiting: Array<EventEntry> = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = client.watch(
    (rpc) => rpc.WatchEvents({}),
    ({ entry }) => {
      waiting.push(entry)
      timer ??= setTimeout(() => {
        timer = undefined
        const arrived = waiting
        waiting = []
        putIn(queries, arrived)
      }, gathering)
    }
  )
  return () => {
    stop()
    clearTimeout(timer)
  }
}

/** The tags of all events that are loaded, in the order of their letters. */
export const knownTags = (queries: QueryClient): ReadonlyArray<string> => {
  const lists = queries.getQueriesData<Loaded>({ queryKey: ["events"] })
  const tags = lists.flatMap(([, data]) => data?.pages ?? []).flatMap(({ events }) => events.flatMap(({ tags = [] }) => tags))
  return [...new Set(tags)].sort((a, b) => a.localeCompare(b))
}

export const changeEvent = async (
  client: VigilClient,
  queries: QueryClient,
  { event }: EventEntry,
  patch: EventPatch
): Promise<void> => {
  putIn(queries, [await client.call((rpc) => rpc.ChangeEvent({ id: event.eventId, patch }))])
}

export const addEventNote = async (
  client: VigilClient,
  queries: QueryClient,
  { event }: EventEntry,
  text: string
): Promise<void> => {
  putIn(queries, [await client.call((rpc) => rpc.AddEventNote({ id: event.eventId, note: { text } }))])
}
