import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Principal } from "@vigil/core/contract/Principal"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { Effect, Option } from "effect"
import { inCallersName } from "@vigil/core/control/Authorization"
import { SessionNotFound } from "../../application/SignInOperations.js"
import { Accounts } from "../../auth/Accounts.js"
import { Sessions } from "../../auth/Sessions.js"
import { ServerConfig } from "../../ServerConfig.js"
import { currentSession } from "../Authentication.js"
import { retryAfter } from "../RetryAfter.js"
import { giveCookie, takeCookie } from "../SessionCookie.js"
import { toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

export const layerSignInHandlers = HttpApiBuilder.group(VigilApi, "signIn", (handlers) =>
  handlers.handle("signIn", ({ payload: { code, password, username } }) =>
    Effect.gen(function* () {
      const config = yield* ServerConfig
      const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, config)
      const signedIn = yield* (yield* Accounts).signIn(username, password, code, visitor)
      yield* giveCookie(config, signedIn.token)
      return signedIn.user
    }).pipe(retryAfter, Effect.mapError(toProblem))
  )
)

export const layerSessionHandlers = HttpApiBuilder.group(VigilApi, "session", (handlers) =>
  handlers
    .handle("me", () => Effect.map(Principal, ({ user }) => user))
    .handle("signOut", () =>
      Effect.gen(function* () {
        const { session, user } = yield* currentSession
        yield* (yield* SessionStore).revoke(user.id, session.id)
        yield* (yield* Sessions).forget
        yield* takeCookie(yield* ServerConfig)
      }).pipe(
        inCallersName,
        Effect.catchTag("Unauthorized", () => Effect.void),
        Effect.mapError(toProblem)
      )
    )
    .handle("list", () =>
      Effect.gen(function* () {
        const { user } = yield* Principal
        const own = Option.getOrUndefined(yield* Effect.option(currentSession))?.session.id
        const sessions = yield* (yield* SessionStore).list(user.id)
        return sessions.map((session) => ({ ...session, current: session.id === own }))
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("revoke", ({ path: { id } }) =>
      Effect.gen(function* () {
        const { user } = yield* Principal
        const found = yield* (yield* SessionStore).revoke(user.id, id)
        yield* (yield* Sessions).forget
        if (!found) return yield* new SessionNotFound({ sessionId: id })
      }).pipe(inCallersName, Effect.mapError(toProblem))
    )
    .handle("changePassword", ({ payload: { current, next } }) =>
      Effect.gen(function* () {
        const { session, user } = yield* currentSession
        const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, yield* ServerConfig)
        yield* (yield* Accounts).changePassword(user, session.id, current, next, visitor)
      }).pipe(
        retryAfter,
        Effect.catchTags({ UserNotFound: Effect.die, LastAdministrator: Effect.die }),
        Effect.mapError(toProblem)
      )
    )
)
