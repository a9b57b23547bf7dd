import * as Headers from "@effect/platform/Headers"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as RpcServer from "@effect/rpc/RpcServer"
import { EdgeAuthentication, edgeMessageLimit, EdgeRpc, edgeRpcPath } from "@vigil/core/contract/EdgeRpc"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { type EdgeRight, EdgeStore } from "@vigil/core/port/EdgeStore"
import { Context, Deferred, Effect, Layer, Option, Stream } from "effect"
import { hashToken, isToken, newToken } from "../auth/Token.js"
import { problemResponse } from "../http/ProblemResponse.js"
import { toProblem } from "../http/ToProblem.js"
import { isUpgrade, upgradeRequired } from "../http/RpcRoute.js"
import { layerEdgeHandlers } from "./EdgeHandlers.js"
import { EdgeLinks } from "./EdgeLinks.js"

const header = "x-vigil-edge"

const refused = HttpServerResponse.setHeader(
  problemResponse({
    status: 401,
    kind: "unauthorized",
    title: "Not signed in",
    detail: "There is no such edge token: an administrator makes one (`vigil edge make`), and it ends when it is revoked."
  }),
  "www-authenticate",
  'Bearer realm="Vigil"'
)

/** Whose each connection is. Calls have headers of their own, which the edge makes: only a name that this server gave a connection counts. */
class EdgeConnections extends Context.Tag("@vigil/api/EdgeConnections")<EdgeConnections, Map<string, EdgeRight>>() {
  static readonly layer = Layer.sync(EdgeConnections, () => new Map<string, EdgeRight>())
}

const layerEdgeAuthentication = Layer.effect(
  EdgeAuthentication,
  Effect.map(EdgeConnections, (connections) =>
    EdgeAuthentication.of(({ headers }) =>
      Effect.suspend(() => {
        const edge = connections.get(headers[header] ?? "")
        return edge === undefined
          ? Effect.fail(new Unauthorized({ detail: "The edge's connection has ended." }))
          : Effect.succeed(edge)
      })
    )
  )
)

const tokenIn = (authorization: string | undefined): string | undefined => {
  const text = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1]
  return text !== undefined && isToken(text) ? text : undefined
}

/** Completes when the token is worth nothing any more. While the database is away, nobody can have said so. */
const revoked = (hash: Uint8Array, edge: EdgeRight) =>
  Effect.flatMap(EdgeStore, (store) =>
    store.changes.pipe(
      Stream.mapEffect(() => Effect.option(store.find(hash))),
      Stream.filter((found) => Option.isSome(found) && !Option.exists(found.value, ({ id }) => id === edge.id)),
      Stream.take(1),
      Stream.runDrain
    )
  )

/** One edge's connection, from its upgrade to its end. */
const connection = (
  edge: EdgeRight,
  hash: Uint8Array,
  serve: (name: string) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, never>
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const connections = yield* EdgeConnections
      const name = newToken()
      const link = yield* (yield* EdgeLinks).attach(edge)
      yield* Effect.acquireRelease(
        Effect.sync(() => connections.set(name, edge)),
        () => Effect.sync(() => connections.delete(name))
      )
      yield* Effect.logInfo(`edge ${edge.name} is connected`)
      yield* Effect.addFinalizer(() => Effect.logInfo(`edge ${edge.name} is no longer connected`))
      const ended = Effect.race(Deferred.await(link.ended), revoked(hash, edge))
      return yield* Effect.raceFirst(serve(name), Effect.as(ended, HttpServerResponse.empty()))
    })
  )

const makeEdgeRoute = Effect.gen(function* () {
  const context = yield* Effect.context<EdgeConnections | EdgeLinks | EdgeStore>()
  const store = yield* EdgeStore
  const { httpApp, protocol } = yield* RpcServer.makeProtocolWithHttpAppWebsocket.pipe(
    Effect.provideService(
      RpcSerialization.RpcSerialization,
      RpcSerialization.makeNdjson({ maxBufferSize: edgeMessageLimit.toCentre })
    )
  )
  yield* RpcServer.make(EdgeRpc, { disableFatalDefects: true }).pipe(
    Effect.provideService(RpcServer.Protocol, protocol),
    Effect.interruptible,
    Effect.forkScoped
  )
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const token = tokenIn(request.headers["authorization"])
    if (token === undefined) return refused
    const hash = hashToken(token)
    const edge = yield* Effect.mapError(store.find(hash), toProblem)
    if (Option.isNone(edge)) return refused
    if (!isUpgrade(request)) return upgradeRequired
    return yield* connection(edge.value, hash, (name) =>
      Effect.scoped(
        Effect.provideService(
          httpApp,
          HttpServerRequest.HttpServerRequest,
          request.modify({ headers: Headers.set(request.headers, header, name) })
        )
      )
    ).pipe(Effect.provide(context))
  })
})

/** The link of edges: a socket opens with an edge's token only, and closes as soon as that is worth nothing any more. */
export const layerEdgeRoute = HttpLayerRouter.use((router) =>
  Effect.flatMap(makeEdgeRoute, (route) => router.add("GET", edgeRpcPath, route))
).pipe(Layer.provide([layerEdgeHandlers, layerEdgeAuthentication]), Layer.provide(EdgeConnections.layer))
