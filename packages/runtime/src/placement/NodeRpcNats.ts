import { RpcClient, RpcSerialization, RpcServer } from "@effect/rpc"
import { NodeRpc } from "@vigil/core/contract/NodeRpc"
import type { NodeName } from "@vigil/core/Node"
import { Effect, Layer } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"
import { makeClientProtocol } from "../rpc/NatsRpcClient.js"
import { layerServerProtocol } from "../rpc/NatsRpcServer.js"
import { NodeSteering } from "./NodeSteering.js"

const subjectOf = (nats: typeof Nats.Service, node: NodeName) => nats.subject("steering", node)

const layerProtocol = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { name } = yield* ClusterNode
    return layerServerProtocol({ subject: subjectOf(yield* Nats, name) })
  })
)

const layerHandlers = NodeRpc.toLayer(
  Effect.map(NodeSteering, ({ cameras, drain, rebalance, resume }) => ({
    RunningCameras: () => cameras,
    // Whoever asked may not wait for it: what was begun goes on.
    Drain: () => Effect.disconnect(Effect.uninterruptible(drain)),
    Resume: () => resume,
    Rebalance: () => Effect.disconnect(Effect.uninterruptible(rebalance))
  }))
)

/** Answers what other nodes ask of this one. */
export const layerServer = RpcServer.layer(NodeRpc, { disableFatalDefects: true }).pipe(
  Layer.provide([layerHandlers, layerProtocol]),
  Layer.provide(RpcSerialization.layerMsgPack)
)

/** Asks one node, for as long as the scope is open. */
export const askNode = (node: NodeName) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const protocol = yield* makeClientProtocol({ subject: subjectOf(nats, node) }).pipe(
      Effect.provide(RpcSerialization.layerMsgPack)
    )
    return yield* RpcClient.make(NodeRpc).pipe(Effect.provideService(RpcClient.Protocol, protocol))
  })
