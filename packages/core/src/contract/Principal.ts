import { Context, Schema } from "effect"
import { Role, type User } from "../User.js"

/** Who makes a call, a signed-in user with its tenant and role, and from which address. */
export class Principal extends Context.Tag("@vigil/core/Principal")<
  Principal,
  { readonly user: User; readonly address: string }
>() {}

/** There is no valid session: sign in (again). */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** The role does not allow it. `what` names what is not allowed where that is only a part of the call. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  needed: Role,
  role: Role,
  what: Schema.optional(Schema.String)
}) {
  override get message() {
    return `${this.what ?? "this"} needs the role ${this.needed}; yours is ${this.role}`
  }
}
