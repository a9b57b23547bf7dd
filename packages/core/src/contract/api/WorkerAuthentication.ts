import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import { Context, Schema } from "effect"
import type { WorkerRight } from "../../port/WorkerTokenStore.js"
import type { Role } from "../../User.js"
import type { Principal } from "../Principal.js"
import { NotSignedIn, Unavailable } from "../Problem.js"
import { sessionCookie } from "./SessionAuthentication.js"

/** Who reports how a worker is: whoever has a worker token, or a person of some role. */
export class Reporter extends Context.Tag("@vigil/core/Reporter")<
  Reporter,
  WorkerRight & { readonly role: Role | "worker"; readonly person?: typeof Principal.Service }
>() {}

/** Lets a request through with a worker token or a session, and gives its handler the {@link Reporter}. */
export class WorkerAuthentication extends HttpApiMiddleware.Tag<WorkerAuthentication>()("@vigil/core/WorkerAuthentication", {
  provides: Reporter,
  failure: Schema.Union(NotSignedIn, Unavailable),
  security: {
    secure: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.secure }),
    plain: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.plain }),
    token: HttpApiSecurity.bearer
  }
}) {}
