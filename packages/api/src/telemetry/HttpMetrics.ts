import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import { HttpServerRequest as CurrentRequest } from "@effect/platform/HttpServerRequest"
import { Effect, Metric, MetricBoundaries } from "effect"

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

const durations = Metric.histogram(
  "vigil_http_request_duration_seconds",
  MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
  "Time from a request's head to its answer's head, by method, route and status."
)

/** Which route took a request; found by the request, because what measures stands before the routes. */
const routes = new WeakMap<object, string>()

/** Notes the route's pattern (`/api/v1/cameras/:id`), so that the label has few values. */
export const layerRouteNames = HttpLayerRouter.middleware((handler) =>
  Effect.gen(function* () {
    const request = yield* CurrentRequest
    const { route } = yield* HttpLayerRouter.RouteContext
    routes.set(request, route.path)
    return yield* handler
  })
).layer

/** Counts and times one answered request. */
export const observeRequest = (
  request: HttpServerRequest.HttpServerRequest,
  status: number,
  milliseconds: number
): Effect.Effect<void> =>
  durations(Effect.succeed(milliseconds / 1000)).pipe(
    Effect.tagMetrics({
      method: methods.has(request.method) ? request.method : "other",
      route: routes.get(request) ?? "none",
      status: String(status)
    }),
    Effect.asVoid
  )
