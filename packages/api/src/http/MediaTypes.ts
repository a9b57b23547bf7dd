import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { openApiDocument } from "@vigil/core/contract/OpenApiDocument"
import { Effect } from "effect"
import { problemResponse } from "./ProblemResponse.js"

/** The media types of bodies that each route takes, by method and path of the route; of routes without a body there is nothing. */
const bodies: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  Object.entries(openApiDocument.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody }]) =>
      requestBody === undefined
        ? []
        : [[`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`, Object.keys(requestBody.content)] as const]
    )
  )
)

const unsupported = (taken: ReadonlyArray<string>) =>
  HttpServerResponse.setHeader(
    problemResponse({
      status: 415,
      kind: "media-type",
      title: "Unsupported media type",
      detail: `The body must be ${taken.join(" or ")}, and Content-Type must say so.`
    }),
    "accept",
    taken.join(", ")
  )

const encoded = HttpServerResponse.setHeader(
  problemResponse({
    status: 415,
    kind: "content-encoding",
    title: "Unsupported media type",
    detail: "The body must be sent as it is, without a Content-Encoding."
  }),
  "accept-encoding",
  "identity"
)

/** Refuses bodies that say they are of a type that the route does not take (RFC 9110 15.5.16), also where they could be read as one, or compressed (8.4). */
export const layerMediaTypes = HttpLayerRouter.middleware((handler) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const { route } = yield* HttpLayerRouter.RouteContext
    const taken = bodies.get(`${route.method} ${route.path}`)
    const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
    if (taken !== undefined && encoding !== "identity") return encoded
    const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
    return taken === undefined || type === undefined || taken.includes(type) ? yield* handler : unsupported(taken)
  })
)
