import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"

const path = /^\/api\/v1\/cameras\/[^/?]+\/whip([/?]|$)/

/**
 * Whether the request is a publisher's (WHIP). Those count by their token alone, which no browser sends by itself, so they may come from
 * pages of any site.
 */
export const isForPublishers = ({ url }: HttpServerRequest.HttpServerRequest): boolean => path.test(url)

/** Lets pages of other sites read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export const publisherHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "location, retry-after"
}

/** What a browser asks for before a publisher's request from another site, and what kind of offer is taken (RFC 9725 4.2). */
export const preflight = HttpServerResponse.empty({
  status: 204,
  headers: {
    "access-control-allow-methods": "POST, DELETE, PATCH",
    "access-control-allow-headers": "authorization, content-type, if-match",
    "access-control-max-age": "86400",
    "accept-post": "application/sdp",
    allow: "OPTIONS, POST, DELETE, PATCH"
  }
})
