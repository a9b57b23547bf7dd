import { Rpc, RpcGroup } from "@effect/rpc"
import { Schema } from "effect"
import { CameraId } from "../Ids.js"
import { NodeUnavailable } from "../port/ClusterControl.js"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** What nodes ask of each other: each serves it for itself. Whoever may call it is a node of the cluster. */
export class NodeRpc extends RpcGroup.make(
  /** Enabled cameras that run on the node. */
  Rpc.make("RunningCameras", { success: Schema.Array(CameraId) }),
  /** The node gives all its cameras away, and takes none; answers how many went, when the last one is gone. */
  Rpc.make("Drain", { success: Count, error: NodeUnavailable }),
  Rpc.make("Resume", { success: Schema.Void }),
  /** The node gives those cameras back that were placed on it, to the nodes that their shards say; answers how many went. */
  Rpc.make("Rebalance", { success: Count })
) {}
