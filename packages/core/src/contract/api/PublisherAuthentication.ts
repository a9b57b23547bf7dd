import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import { Context, Schema } from "effect"
import type { PublishRight } from "../../port/PublishTokenStore.js"
import { NotSignedIn, Unavailable } from "../Problem.js"

/** Who pushes a stream: no person, but whoever has a camera's publish token. */
export class Publisher extends Context.Tag("@vigil/core/Publisher")<Publisher, PublishRight>() {}

/** Lets a request through only with a publish token (RFC 9725 4.5), and gives its handler the {@link Publisher}. */
export class PublisherAuthentication extends HttpApiMiddleware.Tag<PublisherAuthentication>()(
  "@vigil/core/PublisherAuthentication",
  {
    provides: Publisher,
    failure: Schema.Union(NotSignedIn, Unavailable),
    security: { token: HttpApiSecurity.bearer }
  }
) {}
