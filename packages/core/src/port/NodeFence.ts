import { Context } from "effect"
import type { Effect } from "effect"
import type { NodeName } from "../Node.js"
import type { StoreUnavailable } from "./StoreError.js"

/**
 * Takes from a node that does not answer what it still holds in the store: its shard locks, and what its unfinished transactions lock. The node may be
 * alive and only slow; then it finds its locks gone, and stops its actors.
 */
export class NodeFence extends Context.Tag("@vigil/core/NodeFence")<
  NodeFence,
  {
    /** Answers how many sessions were ended. */
    readonly fence: (node: NodeName) => Effect.Effect<number, StoreUnavailable>
  }
>() {}
