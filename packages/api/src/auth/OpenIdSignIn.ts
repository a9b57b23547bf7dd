import { admissionRefused } from "@vigil/core/AccountChanges"
import { inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { admissionOf, type AdmissionRefused, type ProviderButton } from "@vigil/core/IdentityProvider"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { IdentityProviderStore, type SignInAttempt } from "@vigil/core/port/IdentityProviderStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, Data, DateTime, Effect, Layer, Option } from "effect"
import { timingSafeEqual } from "node:crypto"
import type { SignedIn } from "./Accounts.js"
import { OpenIdClient, type ProviderFailed } from "./OpenIdClient.js"
import { Sessions, type Visitor } from "./Sessions.js"
import { hashToken, newToken } from "./Token.js"

/** There is no such way in, or the browser came back too late, twice, or is another one. */
export class SignInOver extends Data.TaggedError("SignInOver")<{ readonly reason: "unknown" | "expired" }> {
  override get message() {
    return this.reason === "unknown"
      ? "there is no such identity provider here"
      : "signing in took too long, or was begun in another browser: begin again"
  }
}

/** Minutes that somebody has for signing in at the provider. */
export const attemptMinutes = 15

/** Sign-in through identity providers. */
export class OpenIdSignIn extends Context.Tag("@vigil/api/OpenIdSignIn")<
  OpenIdSignIn,
  {
    readonly buttons: (slug: Option.Option<string>) => Effect.Effect<ReadonlyArray<ProviderButton>, StoreUnavailable>
    /** Where to send the browser, and what it keeps until it comes back to `redirectUri`. */
    readonly begin: (
      slug: string,
      destination: string,
      redirectUri: string
    ) => Effect.Effect<{ readonly url: URL; readonly browser: string }, SignInOver | ProviderFailed | StoreUnavailable>
    /** Begins the session of whoever came back with `url`, in the browser that keeps `browser`. */
    readonly finish: (
      url: URL,
      browser: string | undefined,
      visitor: Visitor
    ) => Effect.Effect<
      SignedIn & { readonly destination: string },
      SignInOver | ProviderFailed | AdmissionRefused | StoreUnavailable
    >
  }
>() {
  static readonly layer: Layer.Layer<OpenIdSignIn, never, AuditStore | IdentityProviderStore | OpenIdClient | Sessions> =
    Layer.effect(
      OpenIdSignIn,
      Effect.gen(function* () {
        const store = yield* IdentityProviderStore
        const client = yield* OpenIdClient
        const sessions = yield* Sessions
        const audit = yield* AuditStore

        const isSameBrowser = ({ browserHash }: SignInAttempt, browser: string | undefined): boolean =>
          browser !== undefined && timingSafeEqual(browserHash, hashToken(browser))

        /** The attempt that the state belongs to, used up. */
        const resume = (state: string | null, browser: string | undefined) =>
          Effect.gen(function* () {
            const found = state === null ? Option.none() : yield* store.take(hashToken(state))
            if (state === null || Option.isNone(found) || !isSameBrowser(found.value, browser))
              return yield* new SignInOver({ reason: "expired" })
            return { state, attempt: found.value }
          })

        return OpenIdSignIn.of({
          buttons: store.buttons,

          begin: (slug, destination, redirectUri) =>
            Effect.gen(function* () {
              const access = yield* store.access(slug)
              if (Option.isNone(access)) return yield* new SignInOver({ reason: "unknown" })
              const { id, tenantId } = access.value.provider
              const [state, browser, nonce, codeVerifier] = [newToken(), newToken(), newToken(), newToken()]
              const expiresAt = DateTime.add(yield* DateTime.now, { minutes: attemptMinutes })
              const attempt = { nonce, codeVerifier }
              const url = yield* client.authorizationUrl(access.value, state, attempt, redirectUri)
              yield* store.begin(hashToken(state), {
                ...attempt,
                providerId: id,
                tenantId,
                browserHash: hashToken(browser),
                destination,
                expiresAt
              })
              return { url, browser }
            }),

          finish: (url, browser, visitor) =>
            Effect.gen(function* () {
              const { attempt, state } = yield* resume(url.searchParams.get("state"), browser)
              const access = yield* store
                .accessById(attempt.tenantId, attempt.providerId)
                .pipe(Effect.catchTag("IdentityProviderNotFound", () => new SignInOver({ reason: "unknown" })))
              if (!access.provider.enabled) return yield* new SignInOver({ reason: "unknown" })
              const { provider } = access
              const claims = yield* client.claims(access, url, state, attempt)
              const user = yield* Effect.flatMap(admissionOf(provider, claims), (admission) =>
                store.admit(provider, admission)
              ).pipe(
                Effect.tapErrorTag("AdmissionRefused", ({ reason }) =>
                  audit.append(provider.tenantId, admissionRefused(provider.id, reason))
                ),
                inNameOfStranger(`(${provider.slug})`, visitor.address)
              )
              const { token } = yield* sessions.begin(user, visitor, "browser", provider.id)
              return { user, token, destination: attempt.destination }
            })
        })
      })
    )
}
