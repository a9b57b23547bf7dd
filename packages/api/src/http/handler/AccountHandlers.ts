import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { Effect, Redacted } from "effect"
import {
  changeOwnProfile,
  changeProfile,
  getAccount,
  getPasswordPolicy,
  listAccounts,
  ownAccount,
  releaseAccount,
  setPasswordPolicy
} from "../../application/AccountOperations.js"
import { PasswordResets } from "../../auth/PasswordResets.js"
import { ServerConfig } from "../../ServerConfig.js"
import { contentTags } from "../EntityTag.js"
import { ServerAddress } from "../HttpListener.js"
import { retryAfter } from "../RetryAfter.js"
import { toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

const currentVisitor = Effect.gen(function* () {
  return visitorOf(yield* HttpServerRequest.HttpServerRequest, yield* ServerConfig)
})

const { expected, tagged } = contentTags(PasswordPolicy)

export const layerAccountHandlers = HttpApiBuilder.group(VigilApi, "accounts", (handlers) =>
  handlers
    .handle("own", () => Effect.mapError(ownAccount, toProblem))
    .handle("changeOwn", ({ payload: { password, ...change } }) =>
      currentVisitor.pipe(
        Effect.flatMap((visitor) => changeOwnProfile(change, password, visitor)),
        retryAfter,
        Effect.mapError(toProblem)
      )
    )
    .handle("list", () => Effect.mapError(listAccounts, toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(getAccount(id), toProblem))
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeProfile(id, payload), toProblem))
    .handle("release", ({ path: { id } }) => Effect.mapError(releaseAccount(id), toProblem))
    .handle("passwordPolicy", () => getPasswordPolicy.pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("setPasswordPolicy", ({ headers, payload }) =>
      setPasswordPolicy(payload, expected(headers)).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
    )
)

export const layerPasswordResetHandlers = HttpApiBuilder.group(VigilApi, "passwordReset", (handlers) =>
  handlers
    .handle("request", ({ payload: { nameOrAddress } }) =>
      Effect.gen(function* () {
        // Never from the Host header: whoever asks could have the link lead elsewhere.
        const { url } = yield* ServerAddress
        yield* (yield* PasswordResets).request(nameOrAddress, url, yield* currentVisitor)
      }).pipe(retryAfter, Effect.mapError(toProblem))
    )
    .handle("perform", ({ payload: { password, token } }) =>
      Effect.gen(function* () {
        yield* (yield* PasswordResets).perform(Redacted.value(token), password, yield* currentVisitor)
      }).pipe(retryAfter, Effect.mapError(toProblem))
    )
)
