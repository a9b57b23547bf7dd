import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Option } from "effect"
import type { Visitor } from "../auth/Sessions.js"
import type { ServerConfig } from "../ServerConfig.js"

/** Whoever connects, or whom the nearest proxy that is not trusted is said to be: each proxy adds who came to it at the end. */
const addressOf = (
  connected: string,
  forwarded: string | undefined,
  trusted: (typeof ServerConfig.Service)["trustedProxies"]
) => {
  if (trusted === "none" || forwarded === undefined) return connected
  const said = forwarded.split(",").map((entry) => entry.trim())
  if (trusted === "any") return said.at(-1) ?? connected
  let address = connected
  while (trusted.has(address)) {
    const before = said.pop()
    if (before === undefined) return address
    address = before
  }
  return address
}

/** Who makes the request: the connection's address, or what trusted proxies in front say. */
export const visitorOf = (request: HttpServerRequest.HttpServerRequest, config: typeof ServerConfig.Service): Visitor => ({
  address: addressOf(
    Option.getOrElse(request.remoteAddress, () => "unknown"),
    request.headers["x-forwarded-for"],
    config.trustedProxies
  ),
  userAgent: request.headers["user-agent"] ?? null
})
