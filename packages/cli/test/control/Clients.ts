import { Socket } from "@effect/platform"
import { RpcClient, type RpcGroup, RpcSerialization } from "@effect/rpc"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import type { CameraRpc } from "@vigil/core/contract/CameraRpc"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { defaultTenant, type TenantId, UserId } from "@vigil/core/Ids"
import { User } from "@vigil/core/User"
import { makeCameraRpcInProcess } from "@vigil/runtime/control/CameraRpcInProcess"
import { makeCameraRpcOverNats } from "@vigil/runtime/control/CameraRpcNats"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { WebSocket } from "ws"

/** Control of cameras as a caller has it, whatever carries the calls. */
export type Calls = RpcClient.RpcClient<RpcGroup.Rpcs<typeof CameraRpc>, RpcClientError>

/** As a dashboard calls, in the name of the operator of the machine. */
export const overWebSocket = Effect.gen(function* () {
  const { port } = yield* ServerAddress
  const { token } = yield* LocalOperator
  const headers = { authorization: `Bearer ${Redacted.value(token)}` }
  const protocol = RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
    Layer.provide(Socket.layerWebSocket(`ws://127.0.0.1:${port}/api/v1/rpc`)),
    Layer.provide(
      Layer.succeed(
        Socket.WebSocketConstructor,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types differ in events that Effect does not use
        (url) => new WebSocket(url, { headers }) as unknown as globalThis.WebSocket
      )
    ),
    Layer.provide(RpcSerialization.layerNdjson)
  )
  return yield* RpcClient.make(VigilRpc).pipe(Effect.provide(yield* Layer.build(protocol)))
})

/** As a node or a program calls. */
export const overNats = (tenant: TenantId = defaultTenant) => makeCameraRpcOverNats({ tenant, name: "test" })

/** As an embedder calls. */
export const inProcess = (tenant: TenantId = defaultTenant) =>
  Effect.flatMap(DateTime.now, (createdAt) =>
    makeCameraRpcInProcess({
      user: User.make({
        id: UserId.make("00000000-0000-8000-8000-0000000000ff"),
        tenantId: tenant,
        username: "embedder",
        role: "admin",
        createdAt
      }),
      address: "here"
    })
  )
