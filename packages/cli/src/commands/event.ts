import { Command, Options } from "@effect/cli"
import type { Camera } from "@vigil/core/Camera"
import { type EventDelivery, EventEntry, type EventPage, type EventQuery, EventStatus, EventType } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import { Console, DateTime, Effect, Option, Schema, Stream } from "effect"
import { changeCommands } from "./event/change.js"
import { eventArgument, eventId } from "./event/EventArgument.js"
import { described } from "../Help.js"
import { findCamera, listCameras } from "../camera/CameraReference.js"
import * as Server from "../operator/Server.js"
import { overRpc, streamRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson, table, UsageError } from "../Output.js"
import { momentOption } from "../TimeText.js"

/** Events of one answer of the server. */
const largestPage = 500

const kindOptions = {
  camera: Options.text("camera").pipe(Options.optional, Options.withDescription("Only of this camera, by name or id.")),
  type: Options.choice("type", EventType.literals).pipe(Options.optional, Options.withDescription("Only of this type.")),
  status: Options.choice("status", EventStatus.literals).pipe(Options.optional, Options.withDescription("Only in this status.")),
  tag: Options.text("tag").pipe(Options.optional, Options.withDescription("Only with this tag."))
}

interface KindOptions {
  readonly camera: Option.Option<string>
  readonly type: Option.Option<EventType>
  readonly status: Option.Option<EventStatus>
  readonly tag: Option.Option<string>
}

const queryOf = (options: KindOptions, cameras: ReadonlyArray<Camera>) =>
  Effect.map(
    Effect.transposeOption(Option.map(options.camera, (text) => findCamera(cameras, text))),
    (camera): Partial<EventQuery> => ({
      ...Option.match(camera, { onNone: () => ({}), onSome: ({ id }) => ({ cameraId: id }) }),
      ...Option.match(options.type, { onNone: () => ({}), onSome: (eventType) => ({ eventType }) }),
      ...Option.match(options.status, { onNone: () => ({}), onSome: (status) => ({ status }) }),
      ...Option.match(options.tag, { onNone: () => ({}), onSome: (tag) => ({ tag }) })
    })
  )

type Names = (id: CameraId) => string

const namesOf = (cameras: ReadonlyArray<Camera>): Names => {
  const names = new Map(cameras.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? "(removed)"
}

const headings = ["TIME", "CAMERA", "TYPE", "WHAT", "CONFIDENCE", "STATUS", "ID"]

const localTime = (time: DateTime.Utc): string => {
  const date = DateTime.toDate(time)
  const part = (value: number) => String(value).padStart(2, "0")
  const day = `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`
  return `${day} ${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}`
}

const row = ({ event }: EventEntry, nameOf: Names): ReadonlyArray<string> => {
  const { detail, objectClass, zone } = event.detectionMetadata
  return [
    localTime(event.timestamp),
    nameOf(event.cameraId),
    event.eventType,
    [objectClass, detail, zone].filter((part) => part !== undefined).join(" "),
    `${(event.confidence * 100).toFixed(0)} %`,
    event.status,
    event.eventId
  ]
}

/** The newest events, over as many of the server's pages as it takes. */
const newest = (query: Partial<EventQuery>, limit: number) =>
  Effect.gen(function* () {
    const found: Array<EventEntry> = []
    let cursor: string | undefined
    do {
      const page: EventPage = yield* overRpc((rpc) =>
        rpc.QueryEvents({
          query: { ...query, ...(cursor === undefined ? {} : { cursor }), limit: Math.min(largestPage, limit - found.length) }
        })
      )
      found.push(...page.events)
      cursor = page.nextCursor
    } while (cursor !== undefined && found.length < limit)
    return found
  })

const list = Command.make(
  "list",
  {
    ...kindOptions,
    since: momentOption("since", "Only those that began at this time or later"),
    until: momentOption("until", "Only those that began before this time"),
    limit: Options.integer("limit").pipe(Options.withDefault(50), Options.withDescription("How many at the most.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      if (options.limit < 1) return yield* new UsageError({ detail: "--limit takes a number from 1" })
      const cameras = yield* listCameras
      const query = {
        ...(yield* queryOf(options, cameras)),
        ...Option.match(options.since, { onNone: () => ({}), onSome: (from) => ({ from }) }),
        ...Option.match(options.until, { onNone: () => ({}), onSome: (to) => ({ to }) })
      }
      const events = yield* newest(query, options.limit)
      if (options.json) return yield* printJson(Schema.Array(EventEntry))(events)
      if (events.length === 0) return yield* Console.error("There are no such events.")
      const nameOf = namesOf(cameras)
      yield* Console.log(
        table(
          headings,
          events.map((entry) => row(entry, nameOf))
        )
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Events that were stored, newest first.",
      "vigil event list --type INTRUSION --since 2h --limit 20",
      "vigil event list --tag delivery --status NEW",
      "vigil event list --camera Yard --since 2026-01-31 --until 2026-02-01 --json"
    )
  )
)

/** An event and its place on the bus, as `--json` tells it. */
const PlacedEntry = Schema.Struct({ position: Schema.Int, ...EventEntry.fields })

const watch = Command.make(
  "watch",
  {
    ...kindOptions,
    from: Options.integer("from").pipe(
      Options.optional,
      Options.withDescription(
        "From this position of the bus on, which `--json` tells with each event; 1 for everything that is kept. Without it, from now."
      )
    ),
    limit: Options.integer("limit").pipe(Options.optional, Options.withDescription("End after so many events.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      let nameOf = namesOf(yield* listCameras)
      const wanted = yield* queryOf(options, yield* listCameras)
      const fits = ({ event, tags = [] }: EventEntry) =>
        (wanted.cameraId === undefined || wanted.cameraId === event.cameraId) &&
        (wanted.eventType === undefined || wanted.eventType === event.eventType) &&
        (wanted.status === undefined || wanted.status === event.status) &&
        (wanted.tag === undefined || tags.includes(wanted.tag))
      const print = ({ entry, position }: EventDelivery) =>
        Effect.gen(function* () {
          if (options.json) return yield* printJson(PlacedEntry)({ position, ...entry })
          if (nameOf(entry.event.cameraId) === "(removed)") nameOf = namesOf(yield* listCameras)
          yield* Console.log(row(entry, nameOf).filter(Boolean).join("  "))
        })
      const from = Option.getOrUndefined(options.from)
      if (from !== undefined && from < 1) return yield* new UsageError({ detail: "--from takes a position from 1" })
      const events = Stream.filter(
        streamRpc((rpc) => rpc.WatchEvents(from === undefined ? {} : { from })),
        ({ entry }) => fits(entry)
      )
      const limited = Option.match(options.limit, { onNone: () => events, onSome: (count) => Stream.take(events, count) })
      yield* Stream.runForEach(limited, print)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Events as they happen, one a line, and again when somebody changes what is known of them.",
      "vigil event watch --type INTRUSION --json",
      "vigil event watch --from 4712"
    )
  )
)

const describe = ({ event, notes = [], sequence, tags = [], ticket }: EventEntry, nameOf: Names): string => {
  const { boundingBox, detail, objectClass, trackingId, zone } = event.detectionMetadata
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ["id", event.eventId],
    ["camera", nameOf(event.cameraId)],
    ["time", localTime(event.timestamp)],
    ["status", event.status],
    ["priority", event.priority],
    ["confidence", `${(event.confidence * 100).toFixed(0)} %`],
    ["object", objectClass],
    ["detail", detail],
    ["zone", zone],
    [
      "box",
      boundingBox === undefined
        ? undefined
        : Object.values(boundingBox)
            .map((part) => part.toFixed(3))
            .join(" ")
    ],
    ["track", trackingId],
    ["clip", event.clipUrl ?? undefined],
    ["tags", tags.length === 0 ? undefined : tags.join(", ")],
    ["ticket", ticket],
    ["number", String(sequence)],
    ...notes.map(({ at, by, text }) => ["note", `${localTime(at)}  ${by}: ${text}`] as const)
  ]
  const lines = facts.flatMap(([fact, value]) => (value === undefined ? [] : [`  ${fact.padEnd(12)}${value}`]))
  return [event.eventType, ...lines].join("\n")
}

const show = Command.make("show", { event: eventArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const id = yield* eventId(options.event)
    const entry = yield* overRpc((rpc) => rpc.GetEvent({ id }))
    if (options.json) return yield* printJson(EventEntry)(entry)
    yield* Console.log(describe(entry, namesOf(yield* listCameras)))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Everything that is known of an event.", "vigil event show 3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33")
  )
)

export const eventCommand = Command.make("event").pipe(
  Command.withDescription("What happened in front of the cameras, and to them."),
  Command.withSubcommands([list, watch, show, ...changeCommands])
)
