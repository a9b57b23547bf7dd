import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import type { AdmissionRefused } from "@vigil/core/IdentityProvider"
import { Effect, Option } from "effect"
import {
  callbackPath,
  changeProvider,
  checkProvider,
  createProvider,
  getProvider,
  listProviders,
  removeProvider
} from "../../application/IdentityProviderOperations.js"
import type { ProviderFailed } from "../../auth/OpenIdClient.js"
import { OpenIdSignIn, type SignInOver } from "../../auth/OpenIdSignIn.js"
import { PasswordResets } from "../../auth/PasswordResets.js"
import { ServerConfig } from "../../ServerConfig.js"
import { setHeaders } from "../EntityTag.js"
import { ServerAddress } from "../HttpListener.js"
import { attemptIn, giveAttempt, giveCookie } from "../SessionCookie.js"
import { toProblem } from "../ToProblem.js"
import { visitorOf } from "../Visitor.js"

export const layerIdentityProviderHandlers = HttpApiBuilder.group(VigilApi, "identityProviders", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listProviders, toProblem))
    .handle("create", ({ payload }) =>
      createProvider(payload).pipe(
        Effect.tap(({ id }) => setHeaders({ location: `/api/v1/identity-providers/${id}` })),
        Effect.mapError(toProblem)
      )
    )
    .handle("get", ({ path: { id } }) => Effect.mapError(getProvider(id), toProblem))
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeProvider(id, payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(removeProvider(id), toProblem))
    .handle("check", ({ path: { id } }) => Effect.mapError(checkProvider(id), toProblem))
)

/** A page of this Vigil, never an address elsewhere that somebody put into a link. */
const ownPage = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])[!-~]*$/.test(to) && !to.startsWith("/api/") ? to : "/"

/** Sends the browser back to the page for signing in, which says why. */
const refused = (error: SignInOver | ProviderFailed | AdmissionRefused) =>
  Effect.gen(function* () {
    const reason = error._tag === "ProviderFailed" ? "provider" : error.reason
    if (error._tag !== "SignInOver") yield* Effect.logWarning(`nobody signed in through an identity provider: ${error.message}`)
    yield* setHeaders({ location: `/login?refused=${reason}` })
  })

export const layerOpenIdHandlers = HttpApiBuilder.group(VigilApi, "openId", (handlers) =>
  handlers
    .handle("ways", ({ urlParams: { provider } }) =>
      Effect.gen(function* () {
        const passwordReset = (yield* PasswordResets).isConfigured
        return { passwordReset, providers: yield* (yield* OpenIdSignIn).buttons(Option.fromNullable(provider)) }
      }).pipe(Effect.mapError(toProblem))
    )
    .handle("begin", ({ path: { slug }, urlParams: { to } }) =>
      Effect.gen(function* () {
        const { url: own } = yield* ServerAddress
        const { browser, url } = yield* (yield* OpenIdSignIn).begin(slug, ownPage(to), own + callbackPath)
        yield* giveAttempt(yield* ServerConfig, browser)
        yield* setHeaders({ location: url.href })
      }).pipe(Effect.catchTags({ SignInOver: refused, ProviderFailed: refused }), Effect.mapError(toProblem))
    )
    .handle("callback", () =>
      Effect.gen(function* () {
        const config = yield* ServerConfig
        const request = yield* HttpServerRequest.HttpServerRequest
        const { url: own } = yield* ServerAddress
        const query = request.url.split("?")[1] ?? ""
        const browser = attemptIn(config, request.headers["cookie"])
        yield* giveAttempt(config, undefined)
        const { destination, token } = yield* (yield* OpenIdSignIn).finish(
          new URL(`${own}${callbackPath}?${query}`),
          browser,
          visitorOf(request, config)
        )
        yield* giveCookie(config, token)
        yield* setHeaders({ location: destination })
      }).pipe(
        Effect.catchTags({ SignInOver: refused, ProviderFailed: refused, AdmissionRefused: refused }),
        Effect.mapError(toProblem)
      )
    )
)
