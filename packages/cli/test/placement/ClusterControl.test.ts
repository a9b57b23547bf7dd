import { describe } from "@effect/vitest"
import { NodeName } from "@vigil/core/Node"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { Effect, Layer } from "effect"
import { temporaryFolder } from "../Vigil.js"
import { camerasPerNode, clusterControlConformance } from "./ClusterControlConformance.js"
import { layerPlayedAlone, layerPlayedNode } from "./PlayedNode.js"

const capacity = { cameras: camerasPerNode }

describe("ClusterControl of one node alone", () => {
  clusterControlConformance({
    name: "embedded",
    names: [NodeName.make("localhost")],
    layer: Effect.map(temporaryFolder, (folder) => layerPlayedAlone({ capacity, folder, records: [] }))
  })
})

/** One node is asked, the other is asked by it. */
const twoNodes = Effect.gen(function* () {
  const { url: natsUrl } = yield* startNatsServer()
  const { url: databaseUrl } = yield* startPostgresServer
  const shared = { capacity, natsUrl, databaseUrl, folder: yield* temporaryFolder, records: [] }
  yield* Layer.build(layerPlayedNode({ ...shared, name: "south" }))
  return layerPlayedNode({ ...shared, name: "north" })
})

describe.skipIf(!hasNatsServer || !hasPostgres)("ClusterControl over NATS [needs nats-server and postgresql]", () => {
  clusterControlConformance({ name: "NATS", names: [NodeName.make("north"), NodeName.make("south")], layer: twoNodes })
})
