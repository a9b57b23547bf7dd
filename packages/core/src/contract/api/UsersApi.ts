import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { ProfileChange } from "../../Account.js"
import { UserId } from "../../Ids.js"
import { Role, User } from "../../User.js"
import { BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { TypedPassword } from "./TypedPassword.js"

const user = Schema.Struct({ id: UserId })

/** Without a password, a link by which to choose one is mailed to the address, which there must be then. */
const NewPerson = Schema.Struct({
  ...ProfileChange.fields,
  username: User.fields.username,
  role: Role,
  password: Schema.optional(TypedPassword)
}).annotations({ identifier: "NewPerson" })

export class UsersGroup extends HttpApiGroup.make("users")
  .add(HttpApiEndpoint.get("list", "/users").addSuccess(Schema.Array(User)))
  .add(HttpApiEndpoint.post("create", "/users").setPayload(NewPerson).addSuccess(User, { status: 201 }).addError(Conflict))
  .add(HttpApiEndpoint.get("get", "/users/:id").setPath(user).addSuccess(User).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("change", "/users/:id")
      .setPath(user)
      .setHeaders(IfMatch)
      .setPayload(
        Schema.Struct({
          role: Schema.optional(Role),
          password: Schema.optional(TypedPassword),
          disabled: Schema.optional(Schema.Boolean)
        })
      )
      .addSuccess(User)
      .addError(NotFound)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(
    HttpApiEndpoint.del("remove", "/users/:id")
      .setPath(user)
      .setHeaders(IfMatch)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(
    HttpApiEndpoint.post("sendPasswordLink", "/users/:id/password-link")
      .setPath(user)
      .addSuccess(HttpApiSchema.Accepted)
      .addError(NotFound)
      .addError(Conflict)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The tenant's users; for administrators. A change of the role, the password or whether a user is disabled ends the user's sessions; `password-link` mails a link by which the user chooses a password, good for three days."
  ) {}
