import type { TokenPair } from "@vigil/core/AccessToken"
import { inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { Unauthorized } from "@vigil/core/contract/Principal"
import type { IdentityProviderId } from "@vigil/core/IdentityProvider"
import { type ActiveSession, SessionStore } from "@vigil/core/port/SessionStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { User } from "@vigil/core/User"
import { Context, Effect, Layer, Metric, Redacted } from "effect"
import { AccessTokens } from "./AccessTokens.js"
import { sessionExpiry, Sessions, type Visitor } from "./Sessions.js"
import { hashToken, isRefreshToken, newRefreshToken } from "./Token.js"

const unknown = new Unauthorized({ detail: "The refresh token is wrong, or its session has ended: sign in." })

const reused = new Unauthorized({
  detail: "The refresh token was used before, so somebody else may have it: its session is ended. Sign in."
})

const reuses = Metric.counter("vigil_refresh_tokens_reused_total", {
  description: "Refresh tokens that were given a second time, which ended their sessions.",
  incremental: true
})

/** Whose changes those are of whom only a token is known. */
const holder = "(refresh token)"

/** Sessions of programs: a refresh token is good for one exchange, and ends the session when it comes a second time (RFC 9700 4.14.2). */
export class TokenSessions extends Context.Tag("@vigil/api/TokenSessions")<
  TokenSessions,
  {
    /** With the identity provider through which the user came in, if through one. */
    readonly begin: (user: User, visitor: Visitor, provider?: IdentityProviderId) => Effect.Effect<TokenPair, StoreUnavailable>
    readonly refresh: (token: Redacted.Redacted, visitor: Visitor) => Effect.Effect<TokenPair, Unauthorized | StoreUnavailable>
    /** Ends the session of a refresh token; nothing where there is none (RFC 7009 2.2). */
    readonly revoke: (token: Redacted.Redacted, visitor: Visitor) => Effect.Effect<void, StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<TokenSessions, never, AccessTokens | Sessions | SessionStore> = Layer.effect(
    TokenSessions,
    Effect.gen(function* () {
      const accessTokens = yield* AccessTokens
      const sessions = yield* Sessions
      const store = yield* SessionStore

      const pair = ({ session, user }: Pick<ActiveSession, "session" | "user">, refreshToken: string) =>
        Effect.map(
          accessTokens.issue({ session, user }),
          ({ expiresAt, token }): TokenPair => ({
            user,
            sessionId: session.id,
            accessToken: token,
            accessExpiresAt: expiresAt,
            refreshToken: Redacted.make(refreshToken),
            refreshExpiresAt: session.expiresAt
          })
        )

      return TokenSessions.of({
        begin: (user, visitor, provider) =>
          Effect.flatMap(sessions.begin(user, visitor, "token", provider), ({ session, token }) =>
            pair({ session, user }, token)
          ),

        refresh: (given, { address }) =>
          Effect.gen(function* () {
            const text = Redacted.value(given)
            if (!isRefreshToken(text)) return yield* unknown
            const next = newRefreshToken()
            const done = yield* inNameOfStranger(holder, address)(store.refresh(hashToken(text), hashToken(next), sessionExpiry))
            if (done._tag === "Refreshed") return yield* pair(done.active, next)
            if (done._tag === "Unknown") return yield* unknown
            yield* Metric.increment(reuses)
            yield* sessions.forget
            return yield* reused
          }),

        revoke: (given, { address }) =>
          Effect.gen(function* () {
            const text = Redacted.value(given)
            if (!isRefreshToken(text)) return
            yield* inNameOfStranger(holder, address)(store.revokeRefreshToken(hashToken(text)))
            yield* sessions.forget
          })
      })
    })
  )
}
