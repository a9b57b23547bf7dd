import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect, Option, Redacted } from "effect"
import { timingSafeEqual } from "node:crypto"
import { hashToken } from "../auth/Token.js"
import { ServerConfig } from "../ServerConfig.js"
import { effectMetrics } from "./EffectMetrics.js"
import { formatOpenMetrics, openMetricsContentType } from "./OpenMetrics.js"
import { ProcessMetrics } from "./ProcessMetrics.js"

/** Everything that is measured, in the OpenMetrics text format. */
export const metricsPage = Effect.gen(function* () {
  const ofProcess = yield* yield* ProcessMetrics
  return HttpServerResponse.text(formatOpenMetrics([...ofProcess, ...effectMetrics()]), { contentType: openMetricsContentType })
})

/** Whether the request has the token of `VIGIL_METRICS_TOKEN`. Hashes are compared, so that neither length nor content shows in time. */
export const hasMetricsToken = Effect.gen(function* () {
  const { metricsToken } = yield* ServerConfig
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const given = /^Bearer (.+)$/i.exec(headers["authorization"] ?? "")?.[1]
  return (
    given !== undefined &&
    Option.exists(metricsToken, (token) => timingSafeEqual(hashToken(given), hashToken(Redacted.value(token))))
  )
})
