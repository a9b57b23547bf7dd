import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import { Schema } from "effect"
import { Principal } from "../Principal.js"
import { NotAllowed, NotSignedIn, Unavailable } from "../Problem.js"

/**
 * The session cookie's names: with the prefix `__Host-` (RFC 6265bis 4.1.3.2) where Vigil is reached over HTTPS, without it over plain
 * HTTP, where browsers refuse the prefix.
 */
export const sessionCookie = { secure: "__Host-vigil-session", plain: "vigil-session" } as const

/**
 * Lets a request through only with a valid session, or with an API key (`Authorization: Bearer`) that has the scope of the call
 * (`KeyScopes`), and gives its handler the {@link Principal}.
 */
export class SessionAuthentication extends HttpApiMiddleware.Tag<SessionAuthentication>()("@vigil/core/SessionAuthentication", {
  provides: Principal,
  failure: Schema.Union(NotSignedIn, NotAllowed, Unavailable),
  security: {
    secure: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.secure }),
    plain: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.plain }),
    bearer: HttpApiSecurity.bearer
  }
}) {}
