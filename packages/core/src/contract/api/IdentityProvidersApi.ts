import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import {
  IdentityProvider,
  IdentityProviderId,
  IdentityProviderPatch,
  NewIdentityProvider,
  ProviderButton
} from "../../IdentityProvider.js"
import { Prose } from "../../PlainText.js"
import { BadGateway, BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const provider = Schema.Struct({ id: IdentityProviderId })

export class IdentityProvidersGroup extends HttpApiGroup.make("identityProviders")
  .add(HttpApiEndpoint.get("list", "/identity-providers").addSuccess(Schema.Array(IdentityProvider)))
  .add(
    HttpApiEndpoint.post("create", "/identity-providers")
      .setPayload(NewIdentityProvider)
      .addSuccess(IdentityProvider, { status: 201 })
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("get", "/identity-providers/:id").setPath(provider).addSuccess(IdentityProvider).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("change", "/identity-providers/:id")
      .setPath(provider)
      .setPayload(IdentityProviderPatch)
      .addSuccess(IdentityProvider)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("remove", "/identity-providers/:id")
      .setPath(provider)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.post("check", "/identity-providers/:id/check")
      .setPath(provider)
      .addSuccess(
        Schema.Struct({
          authorizationEndpoint: Schema.String,
          /** What the provider has to know as an address of Vigil's. */
          redirectUri: Schema.String
        })
      )
      .addError(NotFound)
      .addError(BadGateway)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Where the tenant's people sign in by OpenID Connect, and which roles their claims give them; for administrators."
  ) {}

/** How people may sign in. */
const SignInWays = Schema.Struct({
  /** Whether links for new passwords can be mailed. */
  passwordReset: Schema.Boolean,
  providers: Schema.Array(ProviderButton)
}).annotations({ identifier: "SignInWays" })

/** Anything may come here: a provider, or somebody, wrote the address. */
const Anything = Schema.optional(Schema.String)

export class OpenIdGroup extends HttpApiGroup.make("openId")
  .add(
    HttpApiEndpoint.get("ways", "/sign-in")
      .setUrlParams(Schema.Struct({ provider: Schema.optional(Prose(63)) }))
      .addSuccess(SignInWays)
  )
  .add(
    HttpApiEndpoint.get("begin", "/openid/:slug/begin")
      .setPath(Schema.Struct({ slug: Prose(63) }))
      .setUrlParams(Schema.Struct({ to: Schema.optional(Schema.String.pipe(Schema.maxLength(1000))) }))
      .addSuccess(HttpApiSchema.Empty(302))
  )
  .add(
    HttpApiEndpoint.get("callback", "/openid/callback")
      .setUrlParams(Schema.Struct({ state: Anything, code: Anything, error: Anything }))
      .addSuccess(HttpApiSchema.Empty(302))
  )
  .addError(BadRequest)
  .addError(Unavailable)
  .annotate(
    OpenApi.Description,
    "The ways in. `begin` sends a browser to an identity provider, which sends it back to `callback`, which begins the session; what goes wrong is told on the page for signing in."
  ) {}
