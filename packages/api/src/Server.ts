/**
 * The server that people and programs talk to: HTTP (`VigilApi`), RPC over WebSocket (`VigilRpc`), the web app, health, metrics. It needs
 * core's ports only and knows nothing of how cameras run.
 *
 * ```ts
 * import { layerPersistence } from "@vigil/api/Persistence"
 * import { layerServer, setupLink } from "@vigil/api/Server"
 * import { ServerAddress } from "@vigil/api/http/HttpListener"
 * import { layerServerConfig } from "@vigil/api/ServerConfig"
 *
 * const program = Effect.gen(function*() {
 *   const { url } = yield* ServerAddress
 *   yield* Console.log(`Vigil: ${url}`)
 *   yield* Option.match(yield* setupLink, { onNone: () => Effect.void, onSome: (link) => Console.log(`Set up: ${link}`) })
 *   return yield* Effect.never
 * })
 *
 * program.pipe(
 *   Effect.provide(layerServer({ webFolder: "packages/ui/dist" })),
 *   // CameraControl, LiveViews, Publications, ModelLibrary, ModelInspector, AnalyticCatalogue, Bus, HealthChecks: from the runtime or from memory
 *   Effect.provide(runtimePorts),
 *   Effect.provide(Layer.merge(layerPersistence(".vigil"), layerServerConfig))
 * )
 * ```
 *
 * @module
 */
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Option } from "effect"
import { Discoveries } from "./application/Discoveries.js"
import { AccessTokens } from "./auth/AccessTokens.js"
import { Accounts } from "./auth/Accounts.js"
import { ApiKeys } from "./auth/ApiKeys.js"
import { ForeignAccess } from "./auth/ForeignAccess.js"
import { LocalOperator } from "./auth/LocalOperator.js"
import { Lockouts } from "./auth/Lockouts.js"
import { OpenIdClient } from "./auth/OpenIdClient.js"
import { OpenIdSignIn } from "./auth/OpenIdSignIn.js"
import { PasswordHasher } from "./auth/PasswordHasher.js"
import { SecondFactors } from "./auth/SecondFactors.js"
import { PasswordResets } from "./auth/PasswordResets.js"
import { PasswordRules } from "./auth/PasswordRules.js"
import { ProgramSignIn } from "./auth/ProgramSignIn.js"
import { Sessions } from "./auth/Sessions.js"
import { SignInThrottle } from "./auth/SignInThrottle.js"
import { TokenSessions } from "./auth/TokenSessions.js"
import { OpenViews } from "./application/OpenViews.js"
import { Sights } from "./application/Sights.js"
import { layerErasures } from "@vigil/core/privacy/CarryOutErasure"
import type { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import type { AccountStore } from "@vigil/core/port/AccountStore"
import type { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import type { AuditStore } from "@vigil/core/port/AuditStore"
import type { Bus } from "@vigil/core/port/Bus"
import type { CameraControl } from "@vigil/core/port/CameraControl"
import type { CameraStore } from "@vigil/core/port/CameraStore"
import type { ClusterControl } from "@vigil/core/port/ClusterControl"
import type { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import type { NetworkScanner } from "@vigil/core/port/NetworkScanner"
import type { PlaceStore } from "@vigil/core/port/PlaceStore"
import type { EdgeStore } from "@vigil/core/port/EdgeStore"
import type { DataExports } from "@vigil/core/port/DataExports"
import type { ErasureStore } from "@vigil/core/port/ErasureStore"
import type { EventStore } from "@vigil/core/port/EventStore"
import type { GrantStore } from "@vigil/core/port/GrantStore"
import type { IdempotencyStore } from "@vigil/core/port/IdempotencyStore"
import type { HealthChecks } from "@vigil/core/port/Health"
import type { IdentityProviderStore } from "@vigil/core/port/IdentityProviderStore"
import type { KeyRotator } from "@vigil/core/port/KeyRotator"
import type { Licences } from "@vigil/core/port/Licences"
import type { LiveViews } from "@vigil/core/port/LiveViews"
import type { ModelInspector } from "@vigil/core/port/ModelInspector"
import type { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import type { ModelStore } from "@vigil/core/port/ModelStore"
import type { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import type { PasswordResetStore } from "@vigil/core/port/PasswordResetStore"
import type { ProgramCodeStore } from "@vigil/core/port/ProgramCodeStore"
import type { Publications } from "@vigil/core/port/Publications"
import type { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import type { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import type { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import type { SettingStore } from "@vigil/core/port/SettingStore"
import type { Settings } from "@vigil/core/settings/Settings"
import type { SessionStore } from "@vigil/core/port/SessionStore"
import type { SigningKeyStore } from "@vigil/core/port/SigningKeyStore"
import type { TenantStore } from "@vigil/core/port/TenantStore"
import type { UserStore } from "@vigil/core/port/UserStore"
import type { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { AccountMails } from "./mail/AccountMails.js"
import { Mailer } from "./mail/Mailer.js"
import { layerEdgeControl } from "./edge/EdgeControl.js"
import { type ListenError, layerHttpListener, ServerAddress } from "./http/HttpListener.js"
import { LicenceNotice } from "./http/LicenceNotice.js"
import { layerRoutes, WebFolder } from "./http/Routes.js"
import type { ServerConfig } from "./ServerConfig.js"
import { layerTenantPurge } from "./application/TenantPurge.js"
import { ProcessMetrics } from "./telemetry/ProcessMetrics.js"

const layerAccounts = Layer.mergeAll(PasswordResets.layer, OpenIdSignIn.layer, ProgramSignIn.layer).pipe(
  Layer.provideMerge(Layer.merge(Accounts.layer, TokenSessions.layer)),
  Layer.provideMerge(Layer.mergeAll(SecondFactors.layer, AccessTokens.layer, OpenIdClient.layer)),
  Layer.provide(Layer.merge(Lockouts.layer, PasswordRules.layer)),
  Layer.provideMerge(AccountMails.layer),
  Layer.provide(Layer.mergeAll(Mailer.layer, PasswordHasher.layer, SignInThrottle.layer)),
  Layer.provideMerge(Sessions.layer)
)

/** What the server works on: all of it ports of core, but its own configuration. */
export type ServerNeeds =
  | AnalyticCatalogue
  | AccountStore
  | ApiKeyStore
  | AuditStore
  | Bus
  | CameraControl
  | CameraStore
  | ClusterControl
  | DiscoveryStore
  | EdgeStore
  | PlaceStore
  | DataExports
  | ErasureStore
  | EventStore
  | GrantStore
  | HealthChecks
  | IdempotencyStore
  | IdentityProviderStore
  | PasswordPolicyStore
  | PasswordResetStore
  | ProgramCodeStore
  | KeyRotator
  | Licences
  | LiveViews
  | ModelInspector
  | ModelLibrary
  | ModelStore
  | NetworkScanner
  | Publications
  | PublishTokenStore
  | RuntimeTable
  | SecondFactorStore
  | SessionStore
  | SettingStore
  | Settings
  | SigningKeyStore
  | TenantStore
  | UserStore
  | WorkerTokenStore
  | ServerConfig

/** A running server; its {@link ServerAddress} says where. `webFolder` is the built web app. */
export const layerServer = (options: {
  readonly webFolder: string
}): Layer.Layer<ServerAddress | Accounts | ApiKeys | LocalOperator, ListenError, ServerNeeds> =>
  HttpLayerRouter.serve(layerRoutes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(layerHttpListener),
    Layer.provide(Layer.merge(NodeHttpServer.layerContext, ProcessMetrics.layer)),
    Layer.provide(Layer.succeed(WebFolder, options.webFolder)),
    Layer.provide(Layer.merge(OpenViews.layer, Sights.layer)),
    Layer.provide(layerEdgeControl),
    Layer.merge(layerErasures),
    Layer.provide(Layer.merge(ForeignAccess.layer, LicenceNotice.layer)),
    Layer.merge(layerTenantPurge),
    Layer.provide(Layer.merge(layerEdgeControl, Discoveries.Default)),
    Layer.provideMerge(Layer.mergeAll(layerAccounts, ApiKeys.layer, LocalOperator.layer))
  )

/** The one-time link that creates the first administrator; none once a user exists. Each call makes a new one, valid for 24 hours. */
export const setupLink = Effect.gen(function* () {
  const { url } = yield* ServerAddress
  const token = yield* (yield* Accounts).offerSetup
  return Option.map(token, (text) => `${url}/setup?token=${text}`)
})
