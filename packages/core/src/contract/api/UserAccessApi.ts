import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { UserId } from "../../Ids.js"
import { SecondFactorStatus } from "../../SecondFactor.js"
import { Session, SessionId } from "../../Session.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const user = Schema.Struct({ id: UserId })

export class UserAccessGroup extends HttpApiGroup.make("userAccess")
  .add(HttpApiEndpoint.get("sessions", "/users/:id/sessions").setPath(user).addSuccess(Schema.Array(Session)))
  .add(HttpApiEndpoint.del("revokeSessions", "/users/:id/sessions").setPath(user).addSuccess(HttpApiSchema.NoContent))
  .add(
    HttpApiEndpoint.del("revokeSession", "/users/:id/sessions/:sessionId")
      .setPath(Schema.Struct({ id: UserId, sessionId: SessionId }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .add(HttpApiEndpoint.get("secondFactor", "/users/:id/second-factor").setPath(user).addSuccess(SecondFactorStatus))
  .add(
    HttpApiEndpoint.del("resetSecondFactor", "/users/:id/second-factor")
      .setPath(user)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Conflict)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "Sessions and second factors of the tenant's users; for administrators.") {}
