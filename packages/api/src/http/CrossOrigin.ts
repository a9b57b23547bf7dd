import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type { ServerConfig } from "../ServerConfig.js"

/** Headers of answers that pages of other sites may read. */
const exposed = "ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, Vigil-Licence, X-Request-Id"

/** What pages of the allowed origins need to read an answer (WHATWG Fetch, CORS protocol); nothing for all others. */
export const crossOriginHeaders = (
  request: HttpServerRequest.HttpServerRequest,
  { allowedOrigins }: typeof ServerConfig.Service
): Record<string, string> => {
  const origin = request.headers["origin"]
  if (allowedOrigins.size === 0) return {}
  if (origin === undefined || !allowedOrigins.has(origin)) return { vary: "Origin" }
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": exposed,
    "cross-origin-resource-policy": "cross-origin"
  }
}

/** Whether a browser asks if a request of another site's page would be allowed. */
export const isPreflight = ({ headers, method }: HttpServerRequest.HttpServerRequest): boolean =>
  method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined

/** What such a page may do, beside what it may read. */
export const preflightHeaders = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match",
  "access-control-max-age": "600"
} as const
