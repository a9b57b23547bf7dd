import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"
import { TooManyAttempts } from "../auth/SignInThrottle.js"

/** Says in the answer how long to wait, where the work fails because of too many attempts. */
export const retryAfter = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tapError(work, (error) =>
    error instanceof TooManyAttempts
      ? HttpApp.appendPreResponseHandler((_, response) =>
          Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(error.retryAfter)))
        )
      : Effect.void
  )
