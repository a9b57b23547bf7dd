import type { ProviderAccess, SignInAttempt } from "@vigil/core/port/IdentityProviderStore"
import { Context, Data, DateTime, Duration, Effect, Layer, Option, Redacted } from "effect"
import * as OpenId from "openid-client"
import { ServerConfig } from "../ServerConfig.js"

/** The identity provider did not answer, or not as it should. */
export class ProviderFailed extends Data.TaggedError("ProviderFailed")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

/** Seconds that a provider may take for an answer. */
const patience = 10

/** Bytes of an answer; what providers publish of themselves takes a hundredth. */
const longestAnswer = 512 * 1024

/** Seconds that the provider's clock may be off. */
const clockTolerance = 30

/** How long what a provider publishes of itself is used. */
const freshness = Duration.minutes(10)
const mostRemembered = 200

const bounded: OpenId.CustomFetch = async (url, { body, ...options }) => {
  const response = await fetch(url, { ...options, ...(body === null || body === undefined ? {} : { body }) })
  const chunks: Array<Uint8Array> = []
  let length = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    const chunk: unknown = part.value
    if (!(chunk instanceof Uint8Array)) break
    length += chunk.length
    if (length > longestAnswer) {
      await reader?.cancel()
      throw new Error(`${url} answered with more than ${longestAnswer} bytes`)
    }
    chunks.push(chunk)
  }
  const isBodyless = response.status === 204 || response.status === 304
  return new Response(isBodyless ? null : Buffer.concat(chunks), response)
}

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ""
  return `${error.message}${cause}`
}

const asking = <A>(issuer: string, ask: () => Promise<A>): Effect.Effect<A, ProviderFailed> =>
  Effect.tryPromise({
    try: ask,
    catch: (error) => new ProviderFailed({ detail: `the identity provider ${issuer}: ${explain(error)}` })
  })

/** OpenID Connect Core 1.0, 9: Basic, unless the provider takes other methods only. */
const authentication = ({ token_endpoint_auth_methods_supported: methods }: OpenId.ServerMetadata, secret: string) =>
  methods === undefined || methods.includes("client_secret_basic")
    ? OpenId.ClientSecretBasic(secret)
    : OpenId.ClientSecretPost(secret)

/** Speaks with identity providers: OpenID Connect Core 1.0, authorization code flow, PKCE (RFC 7636), signatures checked. */
export class OpenIdClient extends Context.Tag("@vigil/api/OpenIdClient")<
  OpenIdClient,
  {
    /** Whether the provider is there and is what it says; the answer is its own address for signing in. */
    readonly check: (access: ProviderAccess) => Effect.Effect<string, ProviderFailed>
    /** Where to send the browser. */
    readonly authorizationUrl: (
      access: ProviderAccess,
      state: string,
      attempt: Pick<SignInAttempt, "nonce" | "codeVerifier">,
      redirectUri: string
    ) => Effect.Effect<URL, ProviderFailed>
    /** What the provider says of whoever came back; `url` is the address with which the browser came. */
    readonly claims: (
      access: ProviderAccess,
      url: URL,
      state: string,
      attempt: Pick<SignInAttempt, "nonce" | "codeVerifier">
    ) => Effect.Effect<Readonly<Record<string, unknown>>, ProviderFailed>
  }
>() {
  static readonly layer: Layer.Layer<OpenIdClient, never, ServerConfig> = Layer.effect(
    OpenIdClient,
    Effect.map(ServerConfig, ({ allowPlainProviders }) => {
      const remembered = new Map<string, { readonly configuration: OpenId.Configuration; readonly until: number }>()

      const prepare = (configuration: OpenId.Configuration) => {
        if (allowPlainProviders) OpenId.allowInsecureRequests(configuration)
        OpenId.enableNonRepudiationChecks(configuration)
        configuration.timeout = patience
        configuration[OpenId.customFetch] = bounded
        return configuration
      }

      const discover = async ({ clientSecret, provider: { clientId, issuer } }: ProviderAccess) => {
        const found = await OpenId.discovery(new URL(issuer), clientId, undefined, OpenId.None(), {
          timeout: patience,
          [OpenId.customFetch]: bounded,
          ...(allowPlainProviders ? { execute: [OpenId.allowInsecureRequests] } : {})
        })
        const metadata = found.serverMetadata()
        const client = { [OpenId.clockTolerance]: clockTolerance }
        const auth = Option.match(clientSecret, {
          onNone: () => OpenId.None(),
          onSome: (secret) => authentication(metadata, Redacted.value(secret))
        })
        return prepare(new OpenId.Configuration(metadata, clientId, client, auth))
      }

      const configurationOf = (access: ProviderAccess) =>
        asking(access.provider.issuer, async () => {
          const { id, updatedAt } = access.provider
          const key = `${id} ${DateTime.formatIso(updatedAt)}`
          const known = remembered.get(key)
          if (known !== undefined && known.until > performance.now()) return known.configuration
          const configuration = await discover(access)
          if (remembered.size >= mostRemembered) remembered.clear()
          remembered.set(key, { configuration, until: performance.now() + Duration.toMillis(freshness) })
          return configuration
        })

      return OpenIdClient.of({
        check: (access) =>
          Effect.flatMap(
            asking(access.provider.issuer, () => discover(access)),
            (configuration) => {
              const endpoint = configuration.serverMetadata().authorization_endpoint
              return endpoint === undefined
                ? new ProviderFailed({ detail: `the identity provider ${access.provider.issuer} has no page for signing in` })
                : Effect.succeed(endpoint)
            }
          ),

        authorizationUrl: (access, state, { codeVerifier, nonce }, redirectUri) =>
          Effect.flatMap(configurationOf(access), (configuration) =>
            asking(access.provider.issuer, async () =>
              OpenId.buildAuthorizationUrl(configuration, {
                redirect_uri: redirectUri,
                scope: [...new Set(["openid", ...access.provider.scopes])].join(" "),
                code_challenge: await OpenId.calculatePKCECodeChallenge(codeVerifier),
                code_challenge_method: "S256",
                state,
                nonce
              })
            )
          ),

        claims: (access, url, state, { codeVerifier, nonce }) =>
          Effect.flatMap(configurationOf(access), (configuration) =>
            asking(access.provider.issuer, async () => {
              const tokens = await OpenId.authorizationCodeGrant(configuration, url, {
                expectedState: state,
                expectedNonce: nonce,
                pkceCodeVerifier: codeVerifier
              })
              const own = tokens.claims()
              if (own === undefined) throw new Error("its answer has no ID token")
              if (configuration.serverMetadata().userinfo_endpoint === undefined) return own
              return { ...(await OpenId.fetchUserInfo(configuration, tokens.access_token, own.sub)), ...own }
            })
          )
      })
    })
  )
}
