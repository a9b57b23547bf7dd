import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { User } from "../../User.js"
import { BadRequest, Conflict, NotAllowed, TooManyRequests, Unavailable } from "../Problem.js"
import { TypedPassword } from "./TypedPassword.js"

export class SetupGroup extends HttpApiGroup.make("setup")
  .add(HttpApiEndpoint.get("needed", "/setup").addSuccess(Schema.Struct({ needed: Schema.Boolean })))
  .add(
    HttpApiEndpoint.post("perform", "/setup")
      .setPayload(
        Schema.Struct({
          token: Schema.String.pipe(Schema.maxLength(200)),
          username: User.fields.username,
          password: TypedPassword
        })
      )
      .addSuccess(User, { status: 201 })
      .addError(NotAllowed)
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .addError(BadRequest)
  .addError(Unavailable)
  .annotate(OpenApi.Description, "Creates the first administrator with the one-time link that Vigil prints.") {}
