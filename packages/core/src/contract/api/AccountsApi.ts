import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Account, ProfileChange } from "../../Account.js"
import { UserId } from "../../Ids.js"
import { PasswordPolicy } from "../../PasswordPolicy.js"
import { BadRequest, NotAllowed, NotFound, PreconditionFailed, TooManyRequests, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { TypedPassword } from "./TypedPassword.js"

const user = Schema.Struct({ id: UserId })

/** Where links for new passwords go is changed with the password only, not with a session that somebody left open. */
const OwnProfileChange = Schema.Struct({ ...ProfileChange.fields, password: Schema.optional(TypedPassword) }).annotations({
  identifier: "OwnProfileChange"
})

export class AccountsGroup extends HttpApiGroup.make("accounts")
  .add(HttpApiEndpoint.get("own", "/account").addSuccess(Account).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("changeOwn", "/account")
      .setPayload(OwnProfileChange)
      .addSuccess(Account)
      .addError(NotFound)
      .addError(TooManyRequests)
  )
  .add(HttpApiEndpoint.get("list", "/accounts").addSuccess(Schema.Array(Account)))
  .add(HttpApiEndpoint.get("get", "/accounts/:id").setPath(user).addSuccess(Account).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("change", "/accounts/:id")
      .setPath(user)
      .setPayload(ProfileChange)
      .addSuccess(Account)
      .addError(NotFound)
  )
  .add(HttpApiEndpoint.del("release", "/accounts/:id/lock").setPath(user).addSuccess(HttpApiSchema.NoContent).addError(NotFound))
  .add(HttpApiEndpoint.get("passwordPolicy", "/password-policy").addSuccess(PasswordPolicy))
  .add(
    HttpApiEndpoint.put("setPasswordPolicy", "/password-policy")
      .setHeaders(IfMatch)
      .setPayload(PasswordPolicy)
      .addSuccess(PasswordPolicy)
      .addError(PreconditionFailed)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Users as people: everybody's own profile; for administrators all profiles, locks after too many wrong passwords, and the tenant's rules for passwords."
  ) {}
