import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { PlaceId } from "../../Ids.js"
import { NewPlace, Place, PlacePatch } from "../../Place.js"
import { BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const place = Schema.Struct({ id: PlaceId })

export class PlacesGroup extends HttpApiGroup.make("places")
  .add(HttpApiEndpoint.get("list", "/places").addSuccess(Schema.Array(Place)))
  .add(
    HttpApiEndpoint.post("create", "/places")
      .setPayload(NewPlace)
      .addSuccess(Place, { status: 201 })
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("get", "/places/:id").setPath(place).addSuccess(Place).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("update", "/places/:id")
      .setPath(place)
      .setHeaders(IfMatch)
      .setPayload(PlacePatch)
      .addSuccess(Place)
      .addError(NotFound)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(
    HttpApiEndpoint.del("remove", "/places/:id")
      .setPath(place)
      .setHeaders(IfMatch)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Where cameras hang: sites, their buildings, those's floors, those's zones. Everybody sees them, supervisors change them; one that holds something cannot be removed."
  ) {}
