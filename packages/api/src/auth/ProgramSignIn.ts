import type { TokenPair } from "@vigil/core/AccessToken"
import { Unauthorized } from "@vigil/core/contract/Principal"
import type { ActiveSession } from "@vigil/core/port/SessionStore"
import { ProgramCodeStore } from "@vigil/core/port/ProgramCodeStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, DateTime, Effect, Layer, Option, Redacted } from "effect"
import type { Visitor } from "./Sessions.js"
import { SignInThrottle, type TooManyAttempts } from "./SignInThrottle.js"
import { hashToken, newToken } from "./Token.js"
import { TokenSessions } from "./TokenSessions.js"

/** Minutes that a program has for coming with its code. */
const validity = 2

const notInBrowser = new Unauthorized({ detail: "Only somebody who is signed in in a browser can let a program in." })

const refused = new Unauthorized({ detail: "The code is wrong, too old, or was used: begin again." })

/** Programs that people let in from a browser, however they signed in there: an authorization code with PKCE (RFC 7636, RFC 8252). */
export class ProgramSignIn extends Context.Tag("@vigil/api/ProgramSignIn")<
  ProgramSignIn,
  {
    /** A code for the program that the challenge is of. Not for sessions of programs: a token that was stolen must not make more. */
    readonly allow: (
      by: Pick<ActiveSession, "session" | "user">,
      challenge: string
    ) => Effect.Effect<{ readonly code: Redacted.Redacted; readonly expiresAt: DateTime.Utc }, Unauthorized | StoreUnavailable>
    readonly exchange: (
      code: Redacted.Redacted,
      verifier: Redacted.Redacted,
      visitor: Visitor
    ) => Effect.Effect<TokenPair, Unauthorized | TooManyAttempts | StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<ProgramSignIn, never, ProgramCodeStore | TokenSessions | SignInThrottle> = Layer.effect(
    ProgramSignIn,
    Effect.gen(function* () {
      const store = yield* ProgramCodeStore
      const tokens = yield* TokenSessions
      const throttle = yield* SignInThrottle

      return ProgramSignIn.of({
        allow: ({ session, user }, challenge) =>
          Effect.gen(function* () {
            if (session.kind !== "browser") return yield* notInBrowser
            const code = newToken()
            const expiresAt = DateTime.add(yield* DateTime.now, { minutes: validity })
            yield* store.offer(user, { session: session.id, codeHash: hashToken(code), challenge, expiresAt })
            return { code: Redacted.make(code), expiresAt }
          }),

        exchange: (code, verifier, visitor) =>
          throttle.attempt(
            "code of a program",
            visitor.address,
            Effect.gen(function* () {
              const found = yield* store.take(hashToken(Redacted.value(code)))
              const proof = Buffer.from(hashToken(Redacted.value(verifier))).toString("base64url")
              if (Option.isNone(found) || found.value.challenge !== proof) return yield* refused
              return yield* tokens.begin(found.value.user, visitor, found.value.provider)
            }),
            (error) => error._tag === "Unauthorized"
          )
      })
    })
  )
}
