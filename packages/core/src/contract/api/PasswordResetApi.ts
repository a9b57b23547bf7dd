import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Prose } from "../../PlainText.js"
import { SecretText } from "../../SecretText.js"
import { BadRequest, Conflict, NotAllowed, TooManyRequests, Unavailable } from "../Problem.js"
import { TypedPassword } from "./TypedPassword.js"

export class PasswordResetGroup extends HttpApiGroup.make("passwordReset")
  .add(
    HttpApiEndpoint.post("request", "/password-reset")
      .setPayload(Schema.Struct({ nameOrAddress: Prose(254).pipe(Schema.trimmed(), Schema.minLength(1)) }))
      .addSuccess(HttpApiSchema.Accepted)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.put("perform", "/password-reset")
      .setPayload(Schema.Struct({ token: SecretText(200), password: TypedPassword }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotAllowed)
  )
  .addError(BadRequest)
  .addError(TooManyRequests)
  .addError(Unavailable)
  .annotate(
    OpenApi.Description,
    "A new password in place of a forgotten one, by a link that is mailed to the user. The answer is the same whether there is such a user or not."
  ) {}
