import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { RecoveryCodes, SecondFactorOffer, SecondFactorStatus, SignInPolicy, TypedCode } from "../../SecondFactor.js"
import { BadRequest, Conflict, NotAllowed, PreconditionFailed, TooManyRequests, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { TypedPassword } from "./TypedPassword.js"

/** A session alone is not enough: whoever finds an open browser must not be able to change who comes in. */
const proof = Schema.Struct({ password: TypedPassword })

export class SecondFactorGroup extends HttpApiGroup.make("secondFactor")
  .add(HttpApiEndpoint.get("status", "/session/second-factor").addSuccess(SecondFactorStatus))
  .add(
    HttpApiEndpoint.post("offer", "/session/second-factor")
      .setPayload(proof)
      .addSuccess(SecondFactorOffer, { status: 201 })
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .add(
    HttpApiEndpoint.post("confirm", "/session/second-factor/confirmation")
      .setPayload(Schema.Struct({ code: TypedCode }))
      .addSuccess(RecoveryCodes)
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .add(
    HttpApiEndpoint.post("replaceCodes", "/session/second-factor/recovery-codes")
      .setPayload(proof)
      .addSuccess(RecoveryCodes)
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .add(
    HttpApiEndpoint.post("remove", "/session/second-factor/removal")
      .setPayload(proof)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The signed-in user's own second factor: codes of an authenticator app (TOTP, RFC 6238), which signing in asks for once a first code of the offered secret was given."
  ) {}

export class SignInPolicyGroup extends HttpApiGroup.make("signInPolicy")
  .add(HttpApiEndpoint.get("get", "/sign-in-policy").addSuccess(SignInPolicy))
  .add(
    HttpApiEndpoint.put("set", "/sign-in-policy")
      .setHeaders(IfMatch)
      .setPayload(SignInPolicy)
      .addSuccess(SignInPolicy)
      .addError(BadRequest)
      .addError(PreconditionFailed)
  )
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What the tenant wants of everybody who signs in; administrators set it. With `required`, sessions of users without a second factor open nothing but setting one up."
  ) {}
