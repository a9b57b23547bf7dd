import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Principal } from "@vigil/core/contract/Principal"
import { BadRequest } from "@vigil/core/contract/Problem"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { inCallersName } from "@vigil/core/control/Authorization"
import { SignInPolicy } from "@vigil/core/SecondFactor"
import { Effect, Redacted } from "effect"
import {
  resetSecondFactorOf,
  revokeSessionOf,
  revokeSessionsOf,
  secondFactorOf,
  sessionsOf,
  setSignInPolicy,
  signInPolicy
} from "../../application/SignInOperations.js"
import { Accounts } from "../../auth/Accounts.js"
import { isLocalOperator } from "../../auth/LocalOperator.js"
import { SecondFactorRefused, SecondFactors } from "../../auth/SecondFactors.js"
import { Sessions } from "../../auth/Sessions.js"
import { ServerConfig } from "../../ServerConfig.js"
import { contentTags } from "../EntityTag.js"
import { retryAfter } from "../RetryAfter.js"
import { problemType, toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

/** The caller, who has a password: the operator of the machine is nobody who signs in. */
const person = Effect.gen(function* () {
  const { user } = yield* Principal
  return isLocalOperator(user) ? yield* new SecondFactorRefused({ reason: "operator" }) : user
})

/** The caller, whose password this is. */
const proved = (password: Redacted.Redacted) =>
  Effect.gen(function* () {
    const user = yield* person
    const visitor = visitorOf(yield* HttpServerRequest.HttpServerRequest, yield* ServerConfig)
    yield* (yield* Accounts).provePassword(user, password, visitor)
    return user
  })

/** Signed in, but this is no code of the secret: that is a wrong value of the form, and no reason to sign in again. */
const wrongCode = (detail: string) =>
  new BadRequest({
    type: problemType("code-wrong"),
    title: "Bad request",
    status: 400,
    detail,
    errors: [{ pointer: "/code", detail }]
  })

const told = (codes: ReadonlyArray<string>) => ({ recoveryCodes: codes.map((code) => Redacted.make(code)) })

export const layerSecondFactorHandlers = HttpApiBuilder.group(VigilApi, "secondFactor", (handlers) =>
  handlers
    .handle("status", () =>
      Effect.gen(function* () {
        const { user } = yield* Principal
        return yield* (yield* SecondFactors).status(user)
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("offer", ({ payload: { password } }) =>
      Effect.gen(function* () {
        const user = yield* proved(password)
        return yield* (yield* SecondFactors).offer(user)
      }).pipe(inCallersName, retryAfter, Effect.mapError(toProblem))
    )
    .handle("confirm", ({ payload: { code } }) =>
      Effect.gen(function* () {
        const user = yield* person
        const codes = yield* (yield* SecondFactors).confirm(user, code)
        yield* (yield* Sessions).forget
        return told(codes)
      }).pipe(
        inCallersName,
        retryAfter,
        Effect.mapError((error) => (error._tag === "CodeRefused" ? wrongCode(error.message) : toProblem(error)))
      )
    )
    .handle("replaceCodes", ({ payload: { password } }) =>
      Effect.gen(function* () {
        const user = yield* proved(password)
        return told(yield* (yield* SecondFactors).newCodes(user))
      }).pipe(inCallersName, retryAfter, Effect.mapError(toProblem))
    )
    .handle("remove", ({ payload: { password } }) =>
      Effect.gen(function* () {
        const user = yield* proved(password)
        yield* (yield* SecondFactors).remove(user, "owner")
      }).pipe(inCallersName, retryAfter, Effect.mapError(toProblem))
    )
)

const { expected, tagged } = contentTags(SignInPolicy)

export const layerSignInPolicyHandlers = HttpApiBuilder.group(VigilApi, "signInPolicy", (handlers) =>
  handlers
    .handle("get", () => signInPolicy.pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("set", ({ headers, payload }) =>
      setSignInPolicy(payload, expected(headers)).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
    )
)

export const layerUserAccessHandlers = HttpApiBuilder.group(VigilApi, "userAccess", (handlers) =>
  handlers
    .handle("sessions", ({ path: { id } }) => Effect.mapError(sessionsOf(id), toProblem))
    .handle("revokeSessions", ({ path: { id } }) => Effect.mapError(revokeSessionsOf(id), toProblem))
    .handle("revokeSession", ({ path: { id, sessionId } }) => Effect.mapError(revokeSessionOf(id, sessionId), toProblem))
    .handle("secondFactor", ({ path: { id } }) => Effect.mapError(secondFactorOf(id), toProblem))
    .handle("resetSecondFactor", ({ path: { id } }) => Effect.mapError(resetSecondFactorOf(id), toProblem))
)
