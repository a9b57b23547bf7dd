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
 *   // CameraControl, LiveViews, ModelCatalogue, AnalyticCatalogue, EventBus, HealthChecks: from the runtime or from memory
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
import { Accounts } from "./auth/Accounts.js"
import { PasswordHasher } from "./auth/PasswordHasher.js"
import { Sessions } from "./auth/Sessions.js"
import { SignInThrottle } from "./auth/SignInThrottle.js"
import { layerHttpListener, ServerAddress } from "./http/HttpListener.js"
import { layerRoutes, WebFolder } from "./http/Routes.js"

const layerAccounts = Accounts.layer.pipe(
  Layer.provide(Layer.merge(PasswordHasher.layer, SignInThrottle.layer)),
  Layer.provideMerge(Sessions.layer)
)

/** A running server; its {@link ServerAddress} says where. `webFolder` is the built web app. */
export const layerServer = (options: { readonly webFolder: string }) =>
  HttpLayerRouter.serve(layerRoutes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(layerHttpListener),
    Layer.provide(NodeHttpServer.layerContext),
    Layer.provide(Layer.succeed(WebFolder, options.webFolder)),
    Layer.provideMerge(layerAccounts)
  )

/** The one-time link that creates the first administrator; none once a user exists. Each call makes a new one, valid for 24 hours. */
export const setupLink = Effect.gen(function*() {
  const { url } = yield* ServerAddress
  const token = yield* (yield* Accounts).offerSetup
  return Option.map(token, (text) => `${url}/setup?token=${text}`)
})
