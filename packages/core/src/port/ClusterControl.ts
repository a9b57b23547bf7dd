import { Context, Schema } from "effect"
import type { Effect } from "effect"
import type { ClusterStatus } from "../ClusterStatus.js"
import { NodeName } from "../Node.js"

export class NodeNotFound extends Schema.TaggedError<NodeNotFound>()("NodeNotFound", { node: Schema.String }) {
  override get message() {
    return `there is no node ${this.node} in the cluster: \`vigil cluster status\` lists them`
  }
}

/** The node did not answer, or could not do it. */
export class NodeUnavailable extends Schema.TaggedError<NodeUnavailable>()("NodeUnavailable", {
  node: NodeName,
  detail: Schema.String
}) {
  override get message() {
    return `node ${this.node}: ${this.detail}`
  }
}

/** The cluster as a whole. One node alone is a cluster of one. */
export class ClusterControl extends Context.Tag("@vigil/core/ClusterControl")<
  ClusterControl,
  {
    readonly status: Effect.Effect<ClusterStatus>
    /** The node gives all its cameras away and takes no new ones; answers how many it gave away, when the last one is gone. */
    readonly drain: (node: NodeName) => Effect.Effect<number, NodeNotFound | NodeUnavailable>
    /** The node takes cameras again. */
    readonly resume: (node: NodeName) => Effect.Effect<void, NodeNotFound | NodeUnavailable>
    /** Gives every camera back to the node that the shards and capacities say; answers how many moved. */
    readonly rebalance: Effect.Effect<number, NodeUnavailable>
  }
>() {}
