import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "@effect/cluster"
import { Layer } from "effect"

/**
 * The cluster of one node: every shard is here, nothing is stored, nothing listens. The same entities run on it as on many
 * nodes. Calls of camera entities are volatile, so that no message storage is needed.
 */
export const layer = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerNoop),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({ simulateRemoteSerialization: false, shardsPerGroup: 64 }))
)
