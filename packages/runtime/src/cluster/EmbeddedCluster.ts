import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "@effect/cluster"
import { NodeName } from "@vigil/core/Node"
import { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { Effect, Layer } from "effect"
import { ClusterNode } from "./ClusterNode.js"
import { makeShardWatch, shardsOf } from "./ShardWatch.js"

const shardsPerGroup = 64

/** The host of the runner's default address. */
const name = NodeName.make("localhost")

const layerClusterNode = Layer.scoped(
  ClusterNode,
  Effect.map(makeShardWatch(shardsOf("default", shardsPerGroup)), ({ changes, held }) =>
    ClusterNode.of({
      cluster: "embedded",
      name,
      members: () => [{ name, healthy: true, weight: 1 }],
      shards: held,
      shardsPerGroup,
      changes,
      drain: Effect.fail(new NodeUnavailable({ node: name, detail: "it is the only node, there is none to take its cameras" })),
      resume: Effect.void,
      draining: () => false
    })
  )
)

/**
 * The cluster of one node: every shard is here, nothing is stored, nothing listens. The same entities run on it as on many
 * nodes. Calls of camera entities are volatile, so that no message storage is needed.
 */
export const layer = layerClusterNode.pipe(
  Layer.provideMerge(Sharding.layer),
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerNoop),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({ simulateRemoteSerialization: false, shardsPerGroup }))
)
