import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { EventEntry, EventPage, EventPatch, EventQuery, NewEventNote } from "../../Event.js"
import { EventId } from "../../Ids.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { PageSize } from "./PageSize.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const event = Schema.Struct({ id: EventId })

/** `EventQuery` as it travels in a URL. */
const EventQueryParameters = Schema.Struct({ ...EventQuery.fields, limit: PageSize })

export class EventsGroup extends HttpApiGroup.make("events")
  .add(HttpApiEndpoint.get("list", "/events").setUrlParams(EventQueryParameters).addSuccess(EventPage))
  .add(HttpApiEndpoint.get("get", "/events/:id").setPath(event).addSuccess(EventEntry).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("change", "/events/:id")
      .setPath(event)
      .setPayload(EventPatch)
      .addSuccess(EventEntry)
      .addError(NotFound)
      .addError(Conflict)
      .annotate(OpenApi.Description, "Sets the status, adds and takes away tags, escalates to a ticket of another system.")
  )
  .add(
    HttpApiEndpoint.post("addNote", "/events/:id/notes")
      .setPath(event)
      .setPayload(NewEventNote)
      .addSuccess(EventEntry, { status: 201 })
      .addError(NotFound)
      .addError(Conflict)
      .annotate(OpenApi.Description, "Adds a note, which stays as it is; fifty are the most.")
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The tenant's events, newest first; operators set their status, tag them, write notes about them, and say where they are dealt with."
  ) {}
