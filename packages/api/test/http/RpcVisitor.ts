import { Socket } from "@effect/platform"
import { RpcClient, RpcSerialization } from "@effect/rpc"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Effect, Layer } from "effect"
import { WebSocket } from "ws"
import { TestServer } from "./TestServer.js"

const constructor = (headers: Record<string, string>) =>
  Layer.succeed(Socket.WebSocketConstructor, (url) => new WebSocket(url, { headers }) as unknown as globalThis.WebSocket)

const protocol = (url: string, headers: Record<string, string>) =>
  RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
    Layer.provide(Socket.layerWebSocket(`${url.replace("http", "ws")}/api/v1/rpc`)),
    Layer.provide(constructor(headers)),
    Layer.provide(RpcSerialization.layerNdjson)
  )

/** A client that shows who it is by the headers of its upgrade. */
export const rpcClientWith = (headers: Record<string, string>) =>
  Effect.gen(function* () {
    const { url } = yield* TestServer
    const context = yield* Layer.build(protocol(url, headers))
    return yield* RpcClient.make(VigilRpc).pipe(Effect.provide(context))
  })

/** A client as the page is one. */
export const rpcClient = (cookie: string) => rpcClientWith({ cookie })
