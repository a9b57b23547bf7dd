import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { RequestError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { TokenPair } from "@vigil/core/AccessToken"
import { NotSignedIn } from "@vigil/core/contract/Problem"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { DateTime, Duration, Effect, Redacted } from "effect"
import { hostname } from "node:os"
import { CommandFailed } from "../Output.js"
import { version } from "../Version.js"
import { knownProfile, type Profile, profileOf, withLock, writeProfile } from "./Profile.js"

/** How this machine is told from others in the list of a user's sessions. */
const userAgent = `vigil/${version} (${hostname()})`

const callLimit = "10 seconds"

/** An access token that ends sooner is exchanged before it is used. */
const margin = Duration.seconds(30)

const tokensAt = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    HttpApiClient.group(VigilApi, {
      group: "tokens",
      baseUrl: url,
      httpClient: HttpClient.mapRequest(client, HttpClientRequest.setHeader("user-agent", userAgent))
    })
  )

/** What may be asked of a server without being signed in there. */
export const askTokens = <A, E, R>(
  url: string,
  ask: (tokens: Effect.Effect.Success<ReturnType<typeof tokensAt>>) => Effect.Effect<A, E, R>
) =>
  tokensAt(url).pipe(
    Effect.flatMap(ask),
    // The time limit counts also where nothing else may interrupt it.
    Effect.interruptible,
    Effect.timeoutFail({ duration: callLimit, onTimeout: () => new CommandFailed({ detail: `${url} gives no answer` }) }),
    Effect.provide(NodeHttpClient.layer)
  )

const said = (error: unknown): string =>
  typeof error === "object" && error !== null && "detail" in error && typeof error.detail === "string"
    ? error.detail
    : error instanceof Error
      ? error.message
      : String(error)

/** What was answered, as the sentence that a command ends with. */
export const refusedBy =
  (url: string) =>
  (error: unknown): CommandFailed => {
    if (error instanceof CommandFailed) return error
    if (error instanceof RequestError)
      return new CommandFailed({ detail: `${url} cannot be reached: ${error.description ?? String(error.cause)}` })
    return new CommandFailed({ detail: `${url}: ${said(error)}` })
  }

const exchanged = (name: string, profile: Profile) =>
  askTokens(profile.url, (tokens) => tokens.refresh({ payload: { refreshToken: profile.refreshToken } })).pipe(
    Effect.mapError((error) =>
      error instanceof NotSignedIn
        ? new CommandFailed({ detail: `${said(error)} \`vigil login ${profile.url} --profile ${name}\`` })
        : refusedBy(profile.url)(error)
    ),
    Effect.map((pair: TokenPair) => profileOf(profile.url, pair)),
    Effect.tap((next) => writeProfile(name, next)),
    // Between the answer and the file there is no way back: the token before is spent.
    Effect.uninterruptible
  )

const isFresh = ({ accessExpiresAt }: Profile, now: DateTime.Utc): boolean =>
  DateTime.lessThan(DateTime.addDuration(now, margin), accessExpiresAt)

/** An access token of the profile that is good now; exchanged, by one command for all, where it is not. */
export const accessTokenOf = (name: string) =>
  Effect.gen(function* () {
    const profile = yield* knownProfile(name)
    if (isFresh(profile, yield* DateTime.now)) return Redacted.value(profile.accessToken)
    const next = yield* withLock(
      name,
      Effect.gen(function* () {
        const latest = yield* knownProfile(name)
        return isFresh(latest, yield* DateTime.now) ? latest : yield* exchanged(name, latest)
      })
    )
    return Redacted.value(next.accessToken)
  })
