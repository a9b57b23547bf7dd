import * as Cookies from "@effect/platform/Cookies"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { sessionCookie } from "@vigil/core/contract/api/SessionAuthentication"
import { Effect } from "effect"
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

/** Takes the cookie back with the answer to this request. */
export const takeCookie = (config: typeof ServerConfig.Service): Effect.Effect<void> =>
  HttpApp.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.unsafeSetCookie(response, nameFor(config), "", { ...attributes(config), maxAge: 0 }))
  )
