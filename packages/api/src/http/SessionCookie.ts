import * as Cookies from "@effect/platform/Cookies"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { sessionCookie } from "@vigil/core/contract/api/SessionAuthentication"
import { Effect } from "effect"
import { attemptMinutes } from "../auth/OpenIdSignIn.js"
import { isSecure, type ServerConfig } from "../ServerConfig.js"

const nameFor = (config: typeof ServerConfig.Service): string => (isSecure(config) ? sessionCookie.secure : sessionCookie.plain)

/** The session's token in a Cookie header. Over HTTPS only the `__Host-` cookie counts: nobody else could have set it. */
export const tokenIn = (config: typeof ServerConfig.Service, cookieHeader: string | undefined): string | undefined => {
  const token = Cookies.parseHeader(cookieHeader ?? "")[nameFor(config)]
  return token === "" ? undefined : token
}

const attributes = (config: typeof ServerConfig.Service) =>
  ({ httpOnly: true, sameSite: "strict", secure: isSecure(config), path: "/" }) as const

/** Browsers keep it no longer than a session can last. */
const longest = "90 days"

/** Puts the cookie into the answer to this request. */
export const giveCookie = (config: typeof ServerConfig.Service, token: string): Effect.Effect<void> =>
  HttpApp.appendPreResponseHandler((_, response) =>
    Effect.succeed(
      HttpServerResponse.unsafeSetCookie(response, nameFor(config), token, { ...attributes(config), maxAge: longest })
    )
  )

/** Keeps who begins to sign in elsewhere, until he comes back; it comes along from there, which the session's cookie does not. */
const attemptCookie = { secure: "__Host-vigil-sign-in", plain: "vigil-sign-in" } as const

const attemptName = (config: typeof ServerConfig.Service): string => attemptCookie[isSecure(config) ? "secure" : "plain"]

export const attemptIn = (config: typeof ServerConfig.Service, cookieHeader: string | undefined): string | undefined =>
  Cookies.parseHeader(cookieHeader ?? "")[attemptName(config)]

/** Puts what the browser keeps into the answer; nothing takes it back. */
export const giveAttempt = (config: typeof ServerConfig.Service, browser: string | undefined): Effect.Effect<void> =>
  HttpApp.appendPreResponseHandler((_, response) =>
    Effect.succeed(
      HttpServerResponse.unsafeSetCookie(response, attemptName(config), browser ?? "", {
        ...attributes(config),
        sameSite: "lax",
        maxAge: browser === undefined ? 0 : `${attemptMinutes} minutes`
      })
    )
  )

/** Takes the cookie back with the answer to this request. */
export const takeCookie = (config: typeof ServerConfig.Service): Effect.Effect<void> =>
  HttpApp.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.unsafeSetCookie(response, nameFor(config), "", { ...attributes(config), maxAge: 0 }))
  )
