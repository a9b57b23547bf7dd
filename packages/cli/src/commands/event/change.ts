/**
 * Commands by which people say what they know of events.
 *
 * @module
 */
import { Args, Command, Options } from "@effect/cli"
import { EventEntry, EventPatch, type EventStatus, NewEventNote } from "@vigil/core/Event"
import { Console, Effect, Schema } from "effect"
import { described } from "../../Help.js"
import * as Server from "../../operator/Server.js"
import { overRpc } from "../../operator/Server.js"
import { serverOptions, type ServerOptions } from "../../operator/ServerAccess.js"
import { decodeTyped, json, printJson } from "../../Output.js"
import { tagOptions } from "../../TagArgument.js"
import { eventArgument, eventId } from "./EventArgument.js"

const events = Args.atLeast(eventArgument, 1)

const anEvent = "3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33"

interface ChangeOptions extends ServerOptions {
  readonly events: ReadonlyArray<string>
  readonly json: boolean
}

/** Changes each of the events, and says how it is then. */
const changeEach = (options: ChangeOptions, typed: typeof EventPatch.Encoded, told: (entry: EventEntry) => string) =>
  Effect.gen(function* () {
    const patch = yield* decodeTyped(EventPatch, "the change")(typed)
    const ids = yield* Effect.forEach(options.events, eventId)
    const entries = yield* Effect.forEach(ids, (id) => overRpc((rpc) => rpc.ChangeEvent({ id, patch })))
    yield* options.json
      ? printJson(Schema.Array(EventEntry))(entries)
      : Console.log(entries.map((entry) => `${entry.event.eventId} ${told(entry)}.`).join("\n"))
  }).pipe(Effect.provide(Server.layer(options)))

const settle = (name: string, status: EventStatus, description: string) =>
  Command.make(name, { events, ...serverOptions, json }, (options) =>
    changeEach(options, { status }, ({ event }) => `is ${event.status}`)
  ).pipe(Command.withDescription(described(description, `vigil event ${name} ${anEvent}`)))

const tag = Command.make(
  "tag",
  {
    events,
    ...tagOptions,
    ...serverOptions,
    json
  },
  (options) =>
    changeEach(options, options.remove ? { removeTags: options.tags } : { addTags: options.tags }, ({ tags = [] }) =>
      tags.length === 0 ? "has no tags" : `has the tags ${tags.join(", ")}`
    )
).pipe(Command.withDescription(described("Put tags on events, or take them off.", `vigil event tag ${anEvent} --tag delivery`)))

const escalate = Command.make(
  "escalate",
  {
    events,
    ticket: Options.text("ticket").pipe(
      Options.optional,
      Options.withDescription("Number or address of the ticket; without it, the events are taken off the one that they have.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    changeEach(options, { ticket: options.ticket._tag === "Some" ? options.ticket.value : null }, ({ ticket }) =>
      ticket === undefined ? "has no ticket" : `is dealt with in ${ticket}`
    )
).pipe(
  Command.withDescription(
    described("Say in which ticket of another system events are dealt with.", `vigil event escalate ${anEvent} --ticket INC-4711`)
  )
)

const note = Command.make(
  "note",
  {
    event: eventArgument,
    text: Args.text({ name: "text" }).pipe(Args.withDescription("What there is to say.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const id = yield* eventId(options.event)
      const typed = yield* decodeTyped(NewEventNote, "the note")({ text: options.text })
      const entry = yield* overRpc((rpc) => rpc.AddEventNote({ id, note: typed }))
      yield* options.json
        ? printJson(EventEntry)(entry)
        : Console.log(`The event has ${entry.notes?.length === 1 ? "a note" : `${entry.notes?.length ?? 0} notes`}.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Write something about an event, which stays as it is.", `vigil event note ${anEvent} "The gate was left open"`)
  )
)

export const changeCommands = [
  settle("acknowledge", "ACKNOWLEDGED", "Somebody has seen the events and looks into them."),
  settle("resolve", "RESOLVED", "The events are dealt with."),
  settle("false-positive", "FALSE_POSITIVE", "The events were none."),
  tag,
  note,
  escalate
] as const
