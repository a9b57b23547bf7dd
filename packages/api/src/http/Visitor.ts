import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Option } from "effect"
import type { Visitor } from "../auth/Sessions.js"
import type { ServerConfig } from "../ServerConfig.js"

/** Who makes the request: the connection's address, or what a trusted proxy in front says last. */
export const visitorOf = (request: HttpServerRequest.HttpServerRequest, config: typeof ServerConfig.Service): Visitor => {
  const forwarded = config.trustProxy ? request.headers["x-forwarded-for"]?.split(",").at(-1)?.trim() : undefined
  return {
    address: forwarded ?? Option.getOrElse(request.remoteAddress, () => "unknown"),
    userAgent: request.headers["user-agent"] ?? null
  }
}
