import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Cause, Effect, Option } from "effect"
import { createHash } from "node:crypto"
import { ServerConfig } from "../ServerConfig.js"
import { observeRequest } from "../telemetry/HttpMetrics.js"
import { crossOriginHeaders, isPreflight, preflightHeaders } from "./CrossOrigin.js"
import { isForeign } from "./OriginCheck.js"
import { isForPublishers, preflight, publisherHeaders } from "./PublisherDoor.js"
import { asProblem, problemResponse, responseForCause, tooLarge } from "./ProblemResponse.js"
import { makeVisitorRate, rateHeaders, type RatePolicy } from "./RequestRate.js"
import { methodsAt } from "./RouteTable.js"
import { securityHeaders } from "./SecurityHeaders.js"
import { visitorOf } from "./Visitor.js"

/** Bytes of a request's body. The largest there is, a camera with 64 zones of 64 corners, takes a quarter. */
const bodyLimit = 1024 * 1024

/** Seconds after which a client may try again where the database or a part is away. */
const unavailableFor = "5"

const foreign = problemResponse({
  status: 403,
  kind: "foreign-origin",
  title: "Not allowed",
  detail: "The request comes from a page of another site. If that is Vigil's own address, name it in VIGIL_PUBLIC_URL."
})

const failed = (requestId: string) =>
  problemResponse({
    status: 500,
    kind: "internal",
    title: "Internal error",
    detail: "Vigil failed to answer this request; its log says why.",
    requestId
  })

const fromElsewhere = problemResponse({
  status: 403,
  kind: "address",
  title: "Not allowed",
  detail: "Requests from this address are not answered: VIGIL_ALLOWED_ADDRESSES names the ones that are."
})

const tooMany = (seconds: number) =>
  problemResponse({
    status: 429,
    kind: "too-many-requests",
    title: "Too many requests",
    detail: `This client makes too many requests: try again in ${seconds} s.`
  })

/**
 * What is not counted: whether Vigil lives, and files of the page. Named are these and not the interface, because the router takes an address
 * in many ways of writing (`//api`, `/API`, `/%61pi`, with a host before it), and these in one.
 */
const isUncounted = ({ url }: HttpServerRequest.HttpServerRequest): boolean =>
  url.startsWith("/health") || url.startsWith("/assets/")

const ownAddresses: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"])

const isAllowedAddress = (config: typeof ServerConfig.Service, address: string): boolean =>
  Option.match(config.allowedAddresses, { onNone: () => true, onSome: (list) => ownAddresses.has(address) || list.has(address) })

/** Who is counted: whoever has these credentials, at this address. */
const clientOf = ({ headers }: HttpServerRequest.HttpServerRequest, address: string): string =>
  createHash("sha256")
    .update(`${address} ${headers["authorization"] ?? ""} ${headers["cookie"] ?? ""}`)
    .digest("base64")

const refusal = (request: HttpServerRequest.HttpServerRequest, config: typeof ServerConfig.Service) => {
  const publisher = isForPublishers(request)
  if (publisher && request.method === "OPTIONS") return preflight
  if (isPreflight(request)) return HttpServerResponse.empty({ headers: preflightHeaders })
  if (!publisher && isForeign(request, config)) return foreign
  return Number(request.headers["content-length"] ?? 0) > bodyLimit ? tooLarge(bodyLimit) : undefined
}

const notAllowed = (request: HttpServerRequest.HttpServerRequest) =>
  request.method === "OPTIONS"
    ? HttpServerResponse.empty()
    : problemResponse({
        status: 405,
        kind: "method",
        title: "Not allowed",
        detail: `There is no ${request.method} at this address; Allow says what there is.`
      })

/** Where something else can be done at the address, that is said instead of that there is nothing (RFC 9110 15.5.6). */
const orNotAllowed = (request: HttpServerRequest.HttpServerRequest, response: HttpServerResponse.HttpServerResponse) => {
  const methods = response.status === 404 ? methodsAt(request.url) : []
  return methods.length === 0 || (methods.includes(request.method) && request.method !== "OPTIONS")
    ? response
    : HttpServerResponse.setHeader(notAllowed(request), "allow", methods.join(", "))
}

const withOwnHeaders = (response: HttpServerResponse.HttpServerResponse, headers: Record<string, string>) =>
  HttpServerResponse.setHeaders(response, { ...headers, ...response.headers })

/**
 * What every request passes: it gets an id, requests of other sites (but publishers') and bodies over the limit are refused, every error leaves as
 * problem details, every answer has the security headers.
 */
export const layerFrontDoor = HttpLayerRouter.middleware(
  Effect.map(ServerConfig, (config) => {
    const policy: RatePolicy = { burst: config.requestsPerMinute, window: 60 }
    const rate = makeVisitorRate(policy)
    return (handler) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const requestId = crypto.randomUUID()
        const start = performance.now()
        const { address } = visitorOf(request, config)
        const counted = isUncounted(request) ? undefined : rate.take(clientOf(request, address), address, start)
        const refused = !isAllowedAddress(config, address)
          ? fromElsewhere
          : counted?.allowed === false
            ? tooMany(counted.retryAfter)
            : refusal(request, config)
        const answered =
          refused ??
          (yield* handler.pipe(
            HttpIncomingMessage.withMaxBodySize(Option.some(bodyLimit)),
            Effect.catchAllCause((cause) =>
              Cause.isInterruptedOnly(cause)
                ? Effect.failCause(cause)
                : Option.match(responseForCause(cause, bodyLimit), {
                    onSome: Effect.succeed,
                    onNone: () => Effect.as(Effect.logError("a request failed", cause), failed(requestId))
                  })
            ),
            Effect.annotateLogs({ requestId, method: request.method, path: request.url.split("?")[0] ?? "" })
          ))
        if (counted !== undefined && answered.status === 401) rate.refused(address, start)
        const response = orNotAllowed(request, answered)
        yield* observeRequest(request, response.status, performance.now() - start)
        return withOwnHeaders(asProblem(response), {
          ...securityHeaders(config, request.headers["host"]),
          ...(isForPublishers(request) ? publisherHeaders : {}),
          "x-request-id": requestId,
          "cache-control": "no-store",
          ...crossOriginHeaders(request, config),
          ...(counted === undefined ? {} : rateHeaders(policy, counted)),
          ...(response.status === 503 ? { "retry-after": unavailableFor } : {}),
          ...(response.status === 401 ? { "www-authenticate": 'Cookie realm="Vigil", Bearer realm="Vigil"' } : {})
        })
      })
  }),
  { global: true }
)
