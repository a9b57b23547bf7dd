import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { openApiDocument } from "@vigil/core/contract/OpenApiDocument"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Context, Effect, Layer } from "effect"
import { type Credentials, layerRpcAuthentication, layerSessionAuthentication, withSession } from "./Authentication.js"
import { ConnectionMark } from "./ConnectionMark.js"
import { layerAccountHandlers, layerPasswordResetHandlers } from "./handler/AccountHandlers.js"
import { layerApiKeyHandlers } from "./handler/ApiKeyHandlers.js"
import { layerAuditHandlers } from "./handler/AuditHandlers.js"
import { layerCameraHandlers, layerLiveHandlers } from "./handler/CameraHandlers.js"
import { layerClusterHandlers } from "./handler/ClusterHandlers.js"
import { layerCatalogueHandlers, layerEventHandlers } from "./handler/EventHandlers.js"
import { layerGrantHandlers } from "./handler/GrantHandlers.js"
import { layerDiscoveryHandlers } from "./handler/DiscoveryHandlers.js"
import { layerHealthHandlers } from "./handler/HealthHandlers.js"
import { layerHistoryHandlers } from "./handler/HistoryHandlers.js"
import { layerIdentityProviderHandlers, layerOpenIdHandlers } from "./handler/IdentityProviderHandlers.js"
import { layerJobHandlers } from "./handler/JobHandlers.js"
import { layerKeyHandlers } from "./handler/KeyHandlers.js"
import { layerHeartbeatHandlers, layerManagerHandlers, layerWorkerTokenHandlers } from "./handler/ManagerHandlers.js"
import { layerModelHandlers } from "./handler/ModelHandlers.js"
import { layerPrivacyHandlers } from "./handler/PrivacyHandlers.js"
import { layerPlaceHandlers } from "./handler/PlaceHandlers.js"
import { layerSecondFactorHandlers, layerSignInPolicyHandlers, layerUserAccessHandlers } from "./handler/SecondFactorHandlers.js"
import { layerSettingHandlers } from "./handler/SettingHandlers.js"
import { layerSessionHandlers, layerSignInHandlers } from "./handler/SessionHandlers.js"
import { layerRouteNames } from "../telemetry/HttpMetrics.js"
import { hasMetricsToken, metricsPage } from "../telemetry/MetricsEndpoint.js"
import { layerPublishTokenHandlers, layerWhipHandlers } from "./handler/WhipHandlers.js"
import { layerProgramHandlers } from "./handler/ProgramHandlers.js"
import { layerPublisherAuthentication } from "./PublisherCheck.js"
import { layerSetupHandlers } from "./handler/SetupHandlers.js"
import { layerTenantHandlers } from "./handler/TenantHandlers.js"
import { layerPublicKeyHandlers, layerTokenHandlers } from "./handler/TokenHandlers.js"
import { layerUserHandlers } from "./handler/UserHandlers.js"
import { layerEdgeRoute } from "../edge/EdgeRoute.js"
import { layerEdgesHandlers } from "../edge/EdgesHandlers.js"
import { RpcCallers } from "./ForeignNotice.js"
import { layerFrontDoor } from "./FrontDoor.js"
import { layerIdempotency } from "./Idempotency.js"
import { layerMediaTypes } from "./MediaTypes.js"
import { layerRpcHandlers } from "./RpcHandlers.js"
import { rpcRoute } from "./RpcRoute.js"
import { staticFiles } from "./StaticFiles.js"
import { layerWorkerAuthentication } from "./WorkerCheck.js"

/** The folder of the built web app. */
export class WebFolder extends Context.Tag("@vigil/api/WebFolder")<WebFolder, string>() {}

const layerHandlers = Layer.mergeAll(
  layerSetupHandlers,
  layerSignInHandlers,
  layerSessionHandlers,
  layerTokenHandlers,
  layerPublicKeyHandlers,
  layerSecondFactorHandlers,
  layerSignInPolicyHandlers,
  layerProgramHandlers,
  layerUserHandlers,
  layerAccountHandlers,
  layerPasswordResetHandlers,
  layerIdentityProviderHandlers,
  layerOpenIdHandlers,
  layerUserAccessHandlers,
  layerGrantHandlers,
  layerApiKeyHandlers,
  layerCameraHandlers,
  layerLiveHandlers,
  layerManagerHandlers,
  layerHeartbeatHandlers,
  layerWorkerTokenHandlers,
  layerPublishTokenHandlers,
  layerWhipHandlers,
  layerEventHandlers,
  layerCatalogueHandlers,
  layerAuditHandlers,
  layerTenantHandlers,
  layerHistoryHandlers,
  layerKeyHandlers,
  layerPrivacyHandlers,
  layerClusterHandlers,
  layerEdgesHandlers,
  layerPlaceHandlers,
  layerModelHandlers,
  layerSettingHandlers,
  layerDiscoveryHandlers,
  layerJobHandlers,
  layerHealthHandlers
)

const layerApi = HttpLayerRouter.addHttpApi(VigilApi).pipe(
  Layer.provide(layerHandlers),
  Layer.provide([layerSessionAuthentication, layerPublisherAuthentication, layerWorkerAuthentication]),
  Layer.provide(layerIdempotency.layer),
  Layer.provide(layerMediaTypes.layer)
)

const layerRpc = HttpLayerRouter.use((router) =>
  Effect.flatMap(rpcRoute, (route) => router.add("GET", "/api/v1/rpc", route))
).pipe(Layer.provide([layerRpcHandlers, layerRpcAuthentication]), Layer.provide([ConnectionMark.layer, RpcCallers.layer]))

const layerOpenApi = HttpLayerRouter.add(
  "GET",
  "/api/v1/openapi.json",
  withSession(Effect.sync(() => HttpServerResponse.unsafeJson(openApiDocument)))
)

/** The documentation page brings its program and styles in itself: nothing is loaded from elsewhere. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; frame-ancestors 'none'"

const docsAccess = HttpLayerRouter.middleware(
  Effect.map(
    Effect.context<Credentials>(),
    (context) => (page) =>
      withSession(page).pipe(
        Effect.map(HttpServerResponse.setHeader("content-security-policy", docsPolicy)),
        Effect.provide(context)
      )
  )
)

const layerDocs = HttpApiSwagger.layerHttpLayerRouter({ api: VigilApi, path: "/docs" }).pipe(Layer.provide(docsAccess.layer))

const layerMetrics = HttpLayerRouter.add(
  "GET",
  "/metrics",
  Effect.flatMap(hasMetricsToken, (known) => (known ? metricsPage : withSession(metricsPage)))
)

const layerWeb = HttpLayerRouter.use((router) =>
  Effect.gen(function* () {
    yield* router.add("GET", "/*", yield* staticFiles(yield* WebFolder))
  })
)

/** Everything that answers. */
export const layerRoutes = Layer.mergeAll(
  layerApi,
  layerRpc,
  layerEdgeRoute,
  layerOpenApi,
  layerDocs,
  layerMetrics,
  layerWeb
).pipe(Layer.provide(layerRouteNames), Layer.merge(layerFrontDoor))
