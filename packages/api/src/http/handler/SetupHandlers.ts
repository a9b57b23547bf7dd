import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { UserStore } from "@vigil/core/port/UserStore"
import { Effect } from "effect"
import { Accounts } from "../../auth/Accounts.js"
import { ServerConfig } from "../../ServerConfig.js"
import { retryAfter } from "../RetryAfter.js"
import { giveCookie } from "../SessionCookie.js"
import { toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

export const layerSetupHandlers = HttpApiBuilder.group(VigilApi, "setup", (handlers) =>
  handlers
    .handle("needed", () =>
      Effect.flatMap(UserStore, ({ setupNeeded }) => setupNeeded).pipe(
        Effect.map((needed) => ({ needed })),
        Effect.mapError(toProblem)
      )
    )
    .handle("perform", ({ payload: { password, token, username } }) =>
      Effect.gen(function* () {
        const config = yield* ServerConfig
        const accounts = yield* Accounts
        const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, config)
        const signedIn = yield* accounts.setUp(token, username, password, visitor)
        yield* giveCookie(config, signedIn.token)
        return signedIn.user
      }).pipe(retryAfter, Effect.mapError(toProblem))
    )
)
