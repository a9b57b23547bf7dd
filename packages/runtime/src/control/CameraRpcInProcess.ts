import { RpcClient, type RpcGroup, RpcServer } from "@effect/rpc"
import type { FromServer } from "@effect/rpc/RpcMessage"
import { CameraRpc } from "@vigil/core/contract/CameraRpc"
import type { Principal } from "@vigil/core/contract/Principal"
import { RpcAuthentication } from "@vigil/core/contract/RpcAuthentication"
import { layerCameraRpc } from "@vigil/core/control/CameraRpcHandlers"
import { Deferred, Effect, Layer } from "effect"

type Calls = RpcGroup.Rpcs<typeof CameraRpc>
type Deliver = (response: FromServer<Calls>) => Effect.Effect<void>

/** In whose name the process itself calls is for the embedder to say. */
const layerEmbedder = (principal: Principal["Type"]) => Layer.succeed(RpcAuthentication, () => Effect.succeed(principal))

/**
 * `CameraRpc` within the process: the same calls, handlers and errors as over NATS and WebSocket, without a network and without being encoded.
 *
 * @public for embedders
 */
export const makeCameraRpcInProcess = (principal: Principal["Type"]) =>
  Effect.gen(function* () {
    const serving = yield* Layer.build(Layer.merge(layerCameraRpc, layerEmbedder(principal)))
    const toClient = yield* Deferred.make<Deliver>()
    const server = yield* RpcServer.makeNoSerialization(CameraRpc, {
      // A defect in one call is that call's answer; others go on.
      disableFatalDefects: true,
      onFromServer: (response) => Effect.flatMap(Deferred.await(toClient), (deliver) => deliver(response))
    }).pipe(Effect.provide(serving))
    const { client, write } = yield* RpcClient.makeNoSerialization(CameraRpc, {
      supportsAck: true,
      onFromClient: ({ message }) => server.write(0, message)
    })
    yield* Deferred.succeed(toClient, write)
    return client
  })
