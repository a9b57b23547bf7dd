import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Option } from "effect"
import type { ServerConfig } from "../ServerConfig.js"

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

/** Whether a page of this origin is Vigil's own: the same host as the request goes to, the public address, or one that was allowed. */
const isOwn = (origin: string, host: string | undefined, config: typeof ServerConfig.Service): boolean =>
  hostOf(origin) === host || config.allowedOrigins.has(origin) || Option.exists(config.publicUrl, (url) => url.origin === origin)

/**
 * Whether another site's page makes the request with the user's cookie (CSRF, and cross-site WebSocket hijacking, which no cookie
 * attribute of older browsers prevents). Browsers send `Origin` with every request that changes something and every WebSocket
 * upgrade; programs without one are no browsers and act for nobody else.
 */
export const isForeign = (request: HttpServerRequest.HttpServerRequest, config: typeof ServerConfig.Service): boolean => {
  const upgrades = request.headers["upgrade"] !== undefined
  if (safeMethods.has(request.method) && !upgrades) return false
  const origin = request.headers["origin"]
  if (origin !== undefined) return !isOwn(origin, request.headers["host"], config)
  const site = request.headers["sec-fetch-site"]
  return site !== undefined && site !== "same-origin" && site !== "none"
}
