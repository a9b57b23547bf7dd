import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { AccessTokens } from "../../auth/AccessTokens.js"
import { Accounts } from "../../auth/Accounts.js"
import { ProgramSignIn } from "../../auth/ProgramSignIn.js"
import { TokenSessions } from "../../auth/TokenSessions.js"
import { ServerConfig } from "../../ServerConfig.js"
import { retryAfter } from "../RetryAfter.js"
import { toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

const visitor = Effect.gen(function* () {
  return visitorOf(yield* HttpServerRequest.HttpServerRequest, yield* ServerConfig)
})

export const layerTokenHandlers = HttpApiBuilder.group(VigilApi, "tokens", (handlers) =>
  handlers
    .handle("begin", ({ payload: { code, password, username } }) =>
      Effect.gen(function* () {
        const from = yield* visitor
        const user = yield* (yield* Accounts).identify(username, password, code, from)
        return yield* (yield* TokenSessions).begin(user, from)
      }).pipe(retryAfter, Effect.mapError(toProblem))
    )
    .handle("exchange", ({ payload: { code, verifier } }) =>
      Effect.gen(function* () {
        return yield* (yield* ProgramSignIn).exchange(code, verifier, yield* visitor)
      }).pipe(retryAfter, Effect.mapError(toProblem))
    )
    .handle("refresh", ({ payload: { refreshToken } }) =>
      Effect.gen(function* () {
        return yield* (yield* TokenSessions).refresh(refreshToken, yield* visitor)
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("revoke", ({ payload: { refreshToken } }) =>
      Effect.gen(function* () {
        yield* (yield* TokenSessions).revoke(refreshToken, yield* visitor)
      }).pipe(Effect.mapError(toProblem))
    )
)

export const layerPublicKeyHandlers = HttpApiBuilder.group(VigilApi, "publicKeys", (handlers) =>
  handlers.handle("list", () => Effect.flatMap(AccessTokens, ({ publicKeys }) => publicKeys).pipe(Effect.mapError(toProblem)))
)
