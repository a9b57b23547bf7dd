import { Socket } from "@effect/platform"
import { RpcClient, RpcSerialization } from "@effect/rpc"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Effect, Layer } from "effect"
import { WebSocket } from "ws"
import { TestServer } from "./TestServer.js"

const constructor = (headers: Record<string, string>) =>
  Layer.succeed(Socket.WebSocketConstructor, (url) => new WebSocket(url, { headers }) as unknown as globalThis.WebSocket)

const protocol = (url: string, cookie: string) =>
  RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
    Layer.provide(Socket.layerWebSocket(`${url.replace("http", "ws")}/api/v1/rpc`)),
    Layer.provide(constructor({ cookie })),
    Layer.provide(RpcSerialization.layerNdjson)
  )

/** A client as the page is one. */
export const rpcClient = (cookie: string) =>
  Effect.gen(function* () {
    const { url } = yield* TestServer
    const context = yield* Layer.build(protocol(url, cookie))
    return yield* RpcClient.make(VigilRpc).pipe(Effect.provide(context))
  })
