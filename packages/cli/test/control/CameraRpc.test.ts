import { describe, expect, layer } from "@effect/vitest"
import { RpcClient, RpcSerialization } from "@effect/rpc"
import * as Up from "@vigil/cli/Up"
import { CameraRpc } from "@vigil/core/contract/CameraRpc"
import { CameraId, TenantId } from "@vigil/core/Ids"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import * as CameraRpcNats from "@vigil/runtime/control/CameraRpcNats"
import { ClusterNode } from "@vigil/runtime/cluster/ClusterNode"
import { Nats } from "@vigil/runtime/nats/Nats"
import { layerClientProtocol } from "@vigil/runtime/rpc/NatsRpcClient"
import { ConfigProvider, Effect, Layer, Logger, LogLevel } from "effect"
import { temporaryFolder } from "../Vigil.js"
import { cameraRpcConformance, Simulators } from "./CameraRpcConformance.js"
import { inProcess, overNats, overWebSocket } from "./Clients.js"

const configuration = new Map([
  ["VIGIL_HOST", "127.0.0.1"],
  ["VIGIL_PORT", "0"]
])

const layerSimulators = Layer.scoped(
  Simulators,
  Effect.gen(function* () {
    const { video } = yield* sceneFile(street)
    const obliging = yield* startCameras({ files: [video], feedback: "pli" })
    return { obliging, plain: yield* startCameras({ files: [video] }) }
  })
)

const layerNats = Layer.unwrapScoped(Effect.map(startNatsServer(), ({ url }) => Nats.layer({ url, cluster: "test" })))

/** One node with everything in it, that takes calls over NATS besides. */
const layerSite = CameraRpcNats.layerServer.pipe(
  Layer.provideMerge(Layer.unwrapScoped(Effect.map(temporaryFolder, Up.layer))),
  Layer.provideMerge(Layer.merge(layerNats, layerSimulators)),
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(configuration))),
  Layer.provide(Logger.minimumLogLevel(LogLevel.Error))
)

const otherTenant = TenantId.make("00000000-0000-4000-8000-0000000000ee")

describe.skipIf(!hasNatsServer)("CameraRpc [needs nats-server]", () => {
  layer(layerSite, { timeout: 300_000, excludeTestServices: true })((it) => {
    cameraRpcConformance(it, { name: "over WebSocket", calls: overWebSocket })
    cameraRpcConformance(it, { name: "over NATS", calls: overNats(), stranger: overNats(otherTenant) })
    cameraRpcConformance(it, { name: "in process", calls: inProcess(), stranger: inProcess(otherTenant) })

    it.scoped("over NATS: refuses a caller who does not say who it is", () =>
      Effect.gen(function* () {
        const nats = yield* Nats
        const { name } = yield* ClusterNode
        const protocol = layerClientProtocol({ subject: nats.subject("control", name) }).pipe(
          Layer.provide(RpcSerialization.layerMsgPack)
        )
        const nobody = yield* RpcClient.make(CameraRpc).pipe(Effect.provide(yield* Layer.build(protocol)))
        const id = CameraId.make(crypto.randomUUID())
        expect(yield* Effect.flip(nobody.CameraStatus({ id }))).toMatchObject({ _tag: "Unauthorized" })
      })
    )

    it.scoped("over NATS: says that no node of a cluster is there", () =>
      Effect.gen(function* () {
        const nats = yield* Nats
        const elsewhere = {
          ...nats,
          cluster: "other",
          subject: (...tokens: ReadonlyArray<string>) => `vigil.other.${tokens.join(".")}`
        }
        const error = yield* Effect.flip(Effect.provideService(overNats(), Nats, elsewhere))
        expect(error).toMatchObject({ _tag: "NodeUnavailable" })
      })
    )
  })
})
