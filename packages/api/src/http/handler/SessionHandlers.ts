import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Principal } from "@vigil/core/contract/Principal"
import { NotFound } from "@vigil/core/contract/Problem"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { Effect } from "effect"
import { inCallersName } from "@vigil/core/control/Authorization"
import { Accounts, WeakPassword } from "../../auth/Accounts.js"
import { Sessions } from "../../auth/Sessions.js"
import { ServerConfig } from "../../ServerConfig.js"
import { currentSession } from "../Authentication.js"
import { retryAfter } from "../RetryAfter.js"
import { giveCookie, takeCookie } from "../SessionCookie.js"
import { problemType, toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

export const layerSignInHandlers = HttpApiBuilder.group(VigilApi, "signIn", (handlers) =>
  handlers.handle("signIn", ({ payload: { password, username } }) =>
    Effect.gen(function* () {
      const config = yield* ServerConfig
      const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, config)
      const signedIn = yield* (yield* Accounts).signIn(username, password, visitor)
      yield* giveCookie(config, signedIn.token)
      return signedIn.user
    }).pipe(retryAfter, Effect.mapError(toProblem))
  )
)

const noSuchSession = new NotFound({
  type: problemType("session-not-found"),
  title: "Not found",
  status: 404,
  detail: "You have no such session."
})

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
        return yield* (yield* SessionStore).list(user.id)
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("revoke", ({ path: { id } }) =>
      Effect.gen(function* () {
        const { user } = yield* Principal
        const store = yield* SessionStore
        const found = yield* Effect.mapError(store.revoke(user.id, id), toProblem)
        yield* (yield* Sessions).forget
        if (!found) return yield* Effect.fail(noSuchSession)
      }).pipe(inCallersName)
    )
    .handle("changePassword", ({ payload: { current, next } }) =>
      Effect.gen(function* () {
        const { session, user } = yield* currentSession
        const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, yield* ServerConfig)
        yield* (yield* Accounts).changePassword(user, session.id, current, next, visitor)
      }).pipe(
        retryAfter,
        // Signed in, but not with this password: that is a wrong value of the form, and no reason to sign in again.
        Effect.catchTags({
          Unauthorized: () => new WeakPassword({ complaints: ["The current password is wrong."] }),
          UserNotFound: Effect.die,
          LastAdministrator: Effect.die
        }),
        Effect.mapError(toProblem)
      )
    )
)
