/**
 * The tenant's identity providers, for administrators.
 *
 * @module
 */
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { IdentityProviderId, IdentityProviderPatch, NewIdentityProvider } from "@vigil/core/IdentityProvider"
import { IdentityProviderStore } from "@vigil/core/port/IdentityProviderStore"
import { Data, Effect } from "effect"
import { OpenIdClient } from "../auth/OpenIdClient.js"
import { Sessions } from "../auth/Sessions.js"
import { ServerAddress } from "../http/HttpListener.js"
import { ServerConfig } from "../ServerConfig.js"

/** Where identity providers send browsers back to. */
export const callbackPath = "/api/v1/openid/callback"

/** What a provider says over plain HTTP anybody on the way could have said. */
export class PlainIssuer extends Data.TaggedError("PlainIssuer") {
  override get message() {
    return "the issuer's address has to begin with https://"
  }
}

const checkIssuer = (issuer: string | undefined) =>
  Effect.flatMap(ServerConfig, ({ allowPlainProviders }) =>
    issuer === undefined || allowPlainProviders || issuer.startsWith("https:") ? Effect.void : Effect.fail(new PlainIssuer())
  )

export const listProviders = Effect.gen(function* () {
  const { tenantId } = yield* authorize("admin")
  return yield* (yield* IdentityProviderStore).list(tenantId)
})

export const getProvider = (id: IdentityProviderId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* IdentityProviderStore).get(tenantId, id)
  })

export const createProvider = (provider: NewIdentityProvider) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* checkIssuer(provider.issuer)
    return yield* (yield* IdentityProviderStore).create(tenantId, provider)
  }).pipe(inCallersName)

export const changeProvider = (id: IdentityProviderId, patch: IdentityProviderPatch) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* checkIssuer(patch.issuer)
    return yield* Effect.zipLeft((yield* IdentityProviderStore).change(tenantId, id, patch), (yield* Sessions).forget)
  }).pipe(inCallersName)

export const removeProvider = (id: IdentityProviderId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* IdentityProviderStore).remove(tenantId, id)
    yield* (yield* Sessions).forget
  }).pipe(inCallersName)

/** Asks the provider for what it publishes of itself. */
export const checkProvider = (id: IdentityProviderId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const access = yield* (yield* IdentityProviderStore).accessById(tenantId, id)
    const { url } = yield* ServerAddress
    return { redirectUri: url + callbackPath, authorizationEndpoint: yield* (yield* OpenIdClient).check(access) }
  })
