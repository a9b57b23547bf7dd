import { describe, expect, it } from "@effect/vitest"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { NodeName } from "@vigil/core/Node"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import * as Analytics from "@vigil/runtime/analytics/Analytics"
import { ClusterNode } from "@vigil/runtime/cluster/ClusterNode"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as CameraRpcNats from "@vigil/runtime/control/CameraRpcNats"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Context, Effect, Layer, Redacted } from "effect"
import { startNode } from "../material/ControlNode.js"
import { layerNoModels } from "../material/FakeMedia.js"

/** A node may do everything; a program may call nodes and nothing else; a stranger may talk about other things. */
const configuration = `
authorization {
  users = [
    { user: node, password: secret }
    { user: program, password: secret, permissions: { publish: ["vigil.test.control.>"], subscribe: ["_INBOX.>"] } }
    { user: stranger, password: secret, permissions: { publish: ["weather.>"], subscribe: ["_INBOX.>"] } }
  ]
}
`

const connect = (url: string, user: string) =>
  Effect.map(Layer.build(Nats.layer({ url, cluster: "test", user, password: Redacted.make("secret") })), Context.get(Nats))

describe.skipIf(!hasNatsServer)("CameraRpc over NATS [needs nats-server]", () => {
  it.scopedLive("is for those whom the server lets publish to nodes", () =>
    Effect.gen(function* () {
      const { url } = yield* startNatsServer({ configuration })
      const nats = yield* connect(url, "node")
      const { control } = yield* startNode(url.replace("//", "//node:secret@"), "one")
      const cluster = yield* Layer.build(EmbeddedCluster.layer)
      const { name } = Context.get(cluster, ClusterNode)
      yield* Layer.build(
        CameraRpcNats.layerServer.pipe(
          Layer.provide([
            layerCameraStoreMemory,
            Analytics.layer,
            layerNoModels,
            Layer.succeed(CameraControl, control),
            Layer.succeed(Nats, nats)
          ]),
          Layer.provide(Layer.succeedContext(cluster))
        )
      )
      const caller = { tenant: defaultTenant, name: "test" }
      const id = CameraId.make(crypto.randomUUID())

      const asProgram = Layer.succeed(Nats, yield* connect(url, "program"))
      const program = yield* Effect.provide(CameraRpcNats.makeCameraRpcOverNats(caller), asProgram)
      expect(yield* Effect.flip(program.CameraStatus({ id }))).toMatchObject({ _tag: "CameraNotFound" })

      const asStranger = Layer.succeed(Nats, yield* connect(url, "stranger"))
      const refused = yield* Effect.flip(Effect.provide(CameraRpcNats.makeCameraRpcOverNats(caller), asStranger))
      expect(refused).toMatchObject({ _tag: "NodeUnavailable" })
      const stranger = yield* Effect.provide(CameraRpcNats.makeCameraRpcOverNats(caller, NodeName.make(name)), asStranger)
      expect(yield* Effect.flip(stranger.CameraStatus({ id }))).toMatchObject({ _tag: "RpcClientError" })
    })
  )
})
