import { RpcSerialization, RpcServer } from "@effect/rpc"
import { Nats } from "@vigil/runtime/nats/Nats"
import { layerServerProtocol } from "@vigil/runtime/rpc/NatsRpcServer"
import { DateTime, Effect, Layer } from "effect"
import { plain, plainBytes, StatusCalls, typed } from "./StatusCall.js"

/** A process that answers calls, typed and plain ones. Its argument is the address of NATS; it tells its parent when it listens. */
const handlers = StatusCalls.toLayer({
  Status: ({ cameraId }) =>
    Effect.map(DateTime.now, (since) => ({ cameraId, state: "streaming" as const, framesPerSecond: 14.9, epoch: 7, since }))
})

const layerPlain = Layer.effectDiscard(
  Effect.flatMap(Nats, ({ connection }) => {
    const answer = new Uint8Array(plainBytes.answer)
    connection.subscribe(plain, { callback: (_error, message) => void message.respond(answer) })
    return Effect.promise(() => connection.flush())
  })
)

const layer = RpcServer.layer(StatusCalls, { disableTracing: true, disableFatalDefects: true }).pipe(
  Layer.provide([handlers, layerServerProtocol({ subject: typed })]),
  Layer.provide(RpcSerialization.layerMsgPack),
  Layer.merge(layerPlain),
  Layer.provide(Nats.layer({ url: process.argv[2] ?? "", cluster: "bench" })),
  Layer.tap(() => Effect.sync(() => process.send?.("ready")))
)

process.once("disconnect", () => process.exit())
Effect.runFork(Layer.launch(layer))
