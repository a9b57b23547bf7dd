import { Schema } from "effect"
import { CameraId } from "./Ids.js"
import { NodeName, NodeReport } from "./Node.js"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** A camera that should run and does not, and why. */
export const UnplacedCamera = Schema.Struct({
  cameraId: CameraId,
  /** The node that refused it; absent where none was asked. */
  node: Schema.optional(NodeName),
  reason: Schema.String
}).annotations({ identifier: "UnplacedCamera" })
export type UnplacedCamera = typeof UnplacedCamera.Type

/** A cluster as one node sees it. */
export const ClusterStatus = Schema.Struct({
  /** The cluster's name; two clusters of different names may share a NATS server and a database. */
  name: Schema.String,
  nodes: Schema.Array(NodeReport),
  shards: Schema.Struct({ total: Count, assigned: Count }),
  cameras: Schema.Struct({ desired: Count, running: Count, unplaced: Schema.Array(UnplacedCamera) })
}).annotations({ identifier: "ClusterStatus" })
export type ClusterStatus = typeof ClusterStatus.Type

/** How many cameras went to other nodes. */
export const MovedCameras = Schema.Struct({ cameras: Count }).annotations({ identifier: "MovedCameras" })
export type MovedCameras = typeof MovedCameras.Type
