import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { PublicKeys, TokenPair, TypedRefreshToken } from "../../AccessToken.js"
import { BadRequest, NotAllowed, NotSignedIn, TooManyRequests, Unavailable } from "../Problem.js"
import { ProgramSecret } from "./ProgramsApi.js"
import { SignInForm } from "./SessionApi.js"

const held = Schema.Struct({ refreshToken: TypedRefreshToken })

export class TokensGroup extends HttpApiGroup.make("tokens")
  .add(HttpApiEndpoint.post("begin", "/tokens").setPayload(SignInForm).addSuccess(TokenPair, { status: 201 }))
  .add(
    HttpApiEndpoint.post("exchange", "/tokens/exchange")
      .setPayload(Schema.Struct({ code: Schema.Redacted(ProgramSecret), verifier: Schema.Redacted(ProgramSecret) }))
      .addSuccess(TokenPair, { status: 201 })
  )
  .add(HttpApiEndpoint.post("refresh", "/tokens/refresh").setPayload(held).addSuccess(TokenPair))
  .add(HttpApiEndpoint.post("revoke", "/tokens/revocation").setPayload(held).addSuccess(HttpApiSchema.NoContent))
  .addError(BadRequest)
  .addError(NotSignedIn)
  .addError(NotAllowed)
  .addError(TooManyRequests)
  .addError(Unavailable)
  .annotate(
    OpenApi.Description,
    "Sessions of programs in a person's name. An access token is a JWT (EdDSA) for `Authorization: Bearer`, good for 15 minutes; a refresh token is good for one exchange against the next two, and ends the whole session when it comes a second time."
  ) {}

export class PublicKeysGroup extends HttpApiGroup.make("publicKeys")
  .add(HttpApiEndpoint.get("list", "/.well-known/jwks.json").addSuccess(PublicKeys))
  .addError(Unavailable)
  .annotate(
    OpenApi.Description,
    "The keys that access tokens are signed with (JSON Web Key Set, RFC 7517), newest first; a new one follows every 30 days."
  ) {}
