import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { EventEntry, EventPage, EventQuery, EventStatus } from "../../Event.js"
import { EventId } from "../../Ids.js"
import { BadRequest, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { PageSize } from "./PageSize.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const event = Schema.Struct({ id: EventId })

/** `EventQuery` as it travels in a URL. */
const EventQueryParameters = Schema.Struct({ ...EventQuery.fields, limit: PageSize })

export class EventsGroup extends HttpApiGroup.make("events")
  .add(HttpApiEndpoint.get("list", "/events").setUrlParams(EventQueryParameters).addSuccess(EventPage))
  .add(HttpApiEndpoint.get("get", "/events/:id").setPath(event).addSuccess(EventEntry).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("setStatus", "/events/:id")
      .setPath(event)
      .setPayload(Schema.Struct({ status: EventStatus }))
      .addSuccess(EventEntry)
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The tenant's events, newest first; operators set their status.") {}
