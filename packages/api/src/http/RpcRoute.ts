import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as RpcServer from "@effect/rpc/RpcServer"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Effect } from "effect"
import { ServerConfig } from "../ServerConfig.js"
import { currentStay } from "./Authentication.js"
import { ConnectionMark } from "./ConnectionMark.js"
import { notingForeign } from "./ForeignNotice.js"
import { problemResponse } from "./ProblemResponse.js"
import { toProblem } from "./ToProblem.js"
import { visitorOf } from "./Visitor.js"

/** Characters of one message of a client, across its WebSocket frames. */
const messageLimit = 1024 * 1024

export const upgradeRequired = HttpServerResponse.setHeader(
  problemResponse({
    status: 426,
    kind: "upgrade-required",
    title: "Upgrade required",
    detail: "This address speaks WebSocket only."
  }),
  "upgrade",
  "websocket"
)

export const isUpgrade = ({ headers }: HttpServerRequest.HttpServerRequest) => headers["upgrade"]?.toLowerCase() === "websocket"

/**
 * The calls of `VigilRpc` over WebSocket, one JSON message a line. A socket opens only with a valid session or API key,
 * and closes within seconds after that has ended, and all its streams with it; or for the operator of this machine. The access token that it was opened with may
 * end before: it has shown whose session that is.
 */
export const rpcRoute = Effect.gen(function* () {
  const mark = yield* ConnectionMark
  const { httpApp, protocol } = yield* RpcServer.makeProtocolWithHttpAppWebsocket.pipe(
    Effect.provideService(RpcSerialization.RpcSerialization, RpcSerialization.makeNdjson({ maxBufferSize: messageLimit }))
  )
  // A defect in one call is that call's answer; the connection's other calls go on.
  yield* RpcServer.make(VigilRpc, { disableFatalDefects: true }).pipe(
    Effect.provideService(RpcServer.Protocol, yield* notingForeign(protocol)),
    Effect.interruptible,
    Effect.forkScoped
  )
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { ended, who } = yield* Effect.mapError(currentStay, toProblem)
    if (!isUpgrade(request)) return upgradeRequired
    const { address } = visitorOf(request, yield* ServerConfig)
    return yield* httpApp.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, mark.put(request, { who, address })),
      Effect.raceFirst(Effect.as(ended, HttpServerResponse.empty()))
    )
  })
})
