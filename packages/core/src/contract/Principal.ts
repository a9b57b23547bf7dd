import { Context, Schema } from "effect"
import { type ApiKey, ApiKeyScope } from "../ApiKey.js"
import { permits, Role, type User } from "../User.js"

/**
 * Who makes a call, a user with its tenant and role, and from which address. With an API key the user is its owner, whose role is
 * what the key allows.
 */
export class Principal extends Context.Tag("@vigil/core/Principal")<
  Principal,
  { readonly user: User; readonly address: string; readonly key?: Pick<ApiKey, "name" | "scopes"> }
>() {}

/** There is no valid session: sign in (again). */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** The role does not allow it, or the tenant where it is of the installation. `what` names what is not allowed where that is only a part of the call. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  needed: Role,
  role: Role,
  what: Schema.optional(Schema.String)
}) {
  override get message() {
    const what = this.what ?? "this"
    return permits(this.role, this.needed)
      ? `${what} is for whoever operates the installation`
      : `${what} needs the role ${this.needed}; yours is ${this.role}`
  }
}

/** The call was made with an API key that has not the scope; `null` where it is for people only. */
export class ScopeMissing extends Schema.TaggedError<ScopeMissing>()("ScopeMissing", { needed: Schema.NullOr(ApiKeyScope) }) {
  override get message() {
    return this.needed === null
      ? "this cannot be done with an API key: it is for people who sign in"
      : `this needs an API key with the scope ${this.needed}`
  }
}
