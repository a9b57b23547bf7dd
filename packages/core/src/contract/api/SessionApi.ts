import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Prose } from "../../PlainText.js"
import { TypedCode } from "../../SecondFactor.js"
import { OwnSession, SessionId } from "../../Session.js"
import { User } from "../../User.js"
import { BadRequest, NotAllowed, NotFound, NotSignedIn, TooManyRequests, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { TypedPassword } from "./TypedPassword.js"

/** What somebody types to sign in. The `code` is wanted of users who have a second factor. */
export const SignInForm = Schema.Struct({
  username: Prose(100),
  password: TypedPassword,
  code: Schema.optional(TypedCode)
}).annotations({ identifier: "SignInForm" })

export class SignInGroup extends HttpApiGroup.make("signIn")
  .add(HttpApiEndpoint.post("signIn", "/session").setPayload(SignInForm).addSuccess(User))
  .addError(BadRequest)
  .addError(NotSignedIn)
  .addError(NotAllowed)
  .addError(TooManyRequests)
  .addError(Unavailable)
  .annotate(
    OpenApi.Description,
    "Begins a session; the answer sets its cookie. A 401 of the type `code-needed` says that a code of the authenticator app is wanted too, `code-wrong` that it was not right."
  ) {}

export class SessionGroup extends HttpApiGroup.make("session")
  .add(HttpApiEndpoint.get("me", "/session").addSuccess(User))
  .add(HttpApiEndpoint.del("signOut", "/session").addSuccess(HttpApiSchema.NoContent))
  .add(HttpApiEndpoint.get("list", "/sessions").addSuccess(Schema.Array(OwnSession)))
  .add(
    HttpApiEndpoint.del("revoke", "/sessions/:id")
      .setPath(Schema.Struct({ id: SessionId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.put("changePassword", "/session/password")
      .setPayload(Schema.Struct({ current: TypedPassword, next: TypedPassword }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(TooManyRequests)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The signed-in user's own sessions and password.") {}
