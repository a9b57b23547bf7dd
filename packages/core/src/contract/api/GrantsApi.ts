import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Grants, UserGrants } from "../../Grants.js"
import { UserId } from "../../Ids.js"
import { BadRequest, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const user = Schema.Struct({ id: UserId })

export class GrantsGroup extends HttpApiGroup.make("grants")
  .add(HttpApiEndpoint.get("mine", "/session/grants").addSuccess(UserGrants))
  .add(HttpApiEndpoint.get("get", "/users/:id/grants").setPath(user).addSuccess(UserGrants).addError(NotFound))
  .add(
    HttpApiEndpoint.put("set", "/users/:id/grants")
      .setPath(user)
      .setHeaders(IfMatch)
      .setPayload(Grants)
      .addSuccess(UserGrants)
      .addError(NotFound)
      .addError(PreconditionFailed)
      .addError(BadRequest)
  )
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What a user is limited to: the cameras of some places, with all below them, and of some groups. What is out of reach is not there: 404. Without grants a user sees everything of the tenant; administrators always do. For administrators; everybody may read their own."
  ) {}
