import type { NodeName } from "@vigil/core/Node"
import type { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import type { Effect, Stream } from "effect"
import { Context } from "effect"

/** A node as the runner storage knows it. */
export interface ClusterMember {
  readonly name: NodeName
  /** It may hold shards: it answers, and is not draining. */
  readonly healthy: boolean
  /** Its part of the shards is in proportion to this. */
  readonly weight: number
}

/** The shard group that only this node holds: cameras that are placed on a node by name are in it. */
export const ownGroup = (name: NodeName): string => `node-${name}`

/** This process as a member of its cluster. */
export class ClusterNode extends Context.Tag("@vigil/runtime/ClusterNode")<
  ClusterNode,
  {
    /** The cluster's name. */
    readonly cluster: string
    readonly name: NodeName
    /** All members that were heard of lately, this one too, as this node saw them last: half a second old at most while the database answers. */
    readonly members: () => ReadonlyArray<ClusterMember>
    /** Shards of the group `default` that are held here. */
    readonly shards: () => number
    /** Shards of each group, over all nodes. */
    readonly shardsPerGroup: number
    /** Emits after shards came or went, or a member's health changed: what should run here may be something else now. */
    readonly changes: Stream.Stream<void>
    /** Gives all shards away, and takes none until {@link resume}; returns when the last one is gone. Fails where nobody could take them. */
    readonly drain: Effect.Effect<void, NodeUnavailable>
    readonly resume: Effect.Effect<void>
    readonly draining: () => boolean
  }
>() {}
