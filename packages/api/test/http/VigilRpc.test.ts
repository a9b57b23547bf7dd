import { expect, layer } from "@effect/vitest"
import { Socket } from "@effect/platform"
import { NodeSocket } from "@effect/platform-node"
import { RpcClient, RpcSerialization } from "@effect/rpc"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventBus } from "@vigil/core/port/EventBus"
import { Effect, Fiber, Layer, PubSub, Stream } from "effect"
import { WebSocket } from "ws"
import { entry, newCamera, otherTenant } from "../Samples.js"
import { FakeRuntime, jpeg, statusOf } from "./FakePorts.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const constructor = (headers: Record<string, string>) =>
  Layer.succeed(Socket.WebSocketConstructor, (url) => new WebSocket(url, { headers }) as unknown as globalThis.WebSocket)

const protocol = (url: string, cookie: string) =>
  RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
    Layer.provide(Socket.layerWebSocket(`${url.replace("http", "ws")}/api/v1/rpc`)),
    Layer.provide(constructor({ cookie })),
    Layer.provide(RpcSerialization.layerNdjson)
  )

/** A client as the page is one. */
const client = (cookie: string) =>
  Effect.gen(function*() {
    const { url } = yield* TestServer
    const context = yield* Layer.build(protocol(url, cookie))
    return yield* RpcClient.make(VigilRpc).pipe(Effect.provide(context))
  })

layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })("VigilRpc over WebSocket", (it) => {
  it.scoped("answers calls of a signed-in user", () =>
    Effect.gen(function*() {
      const { cookies } = yield* TestServer
      const rpc = yield* client(cookies.supervisor)
      expect((yield* rpc.WhoAmI()).username).toBe("supervisor")
      const camera = yield* rpc.CreateCamera({ camera: newCamera({ url: "rtsp://a:b@192.0.2.1/" }) })
      expect(camera).toMatchObject({ url: "rtsp://192.0.2.1/", hasCredentials: true })
      expect(yield* rpc.GetCamera({ id: camera.id })).toEqual(camera)
      ;(yield* FakeRuntime).running.add(camera.id)
      expect(yield* rpc.Snapshot({ id: camera.id })).toEqual(jpeg)
      expect(yield* rpc.Health()).toHaveLength(2)
    }))
})
