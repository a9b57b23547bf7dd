import type { ClusterStatus, UnplacedCamera } from "../ClusterStatus.js"
import type { CameraId } from "../Ids.js"
import type { NodeReport } from "../Node.js"
import type { CameraOutline } from "../port/CameraStore.js"
import type { PlacementRefusal } from "../port/PlacementStore.js"

/** What is known of a cluster at one moment. */
export interface ClusterOverview {
  readonly name: string
  readonly nodes: ReadonlyArray<NodeReport>
  readonly shards: number
  readonly desired: Iterable<CameraOutline>
  /** On any of the nodes that answered. */
  readonly running: ReadonlySet<CameraId>
  readonly refusals: Iterable<PlacementRefusal>
}

const takesCameras = ({ roles, state }: NodeReport) => roles.includes("camera") && (state === "up" || state === "full")

/** Why a camera that nobody refused does not run. */
const withoutRefusal = (nodes: ReadonlyArray<NodeReport>): string => {
  if (!nodes.some(takesCameras)) return "no node takes cameras"
  const silent = nodes.filter(({ state }) => state === "unreachable").map(({ name }) => name)
  return silent.length === 0
    ? "it is being started"
    : `it is being started, or it is on ${silent.join(", ")}, which does not answer`
}

export const clusterStatus = ({ desired, name, nodes, refusals, running, shards }: ClusterOverview): ClusterStatus => {
  const refused = new Map<CameraId, PlacementRefusal>()
  for (const refusal of refusals) refused.set(refusal.cameraId, refusal)
  const reason = withoutRefusal(nodes)
  const enabled = [...desired].filter((camera) => camera.enabled)
  const unplaced = enabled
    .filter(({ id }) => !running.has(id))
    .map(({ id }): UnplacedCamera => {
      const refusal = refused.get(id)
      return refusal === undefined ? { cameraId: id, reason } : { cameraId: id, node: refusal.node, reason: refusal.reason }
    })
  const living = nodes.filter(({ state }) => state !== "unreachable")
  return {
    name,
    nodes,
    shards: {
      total: shards,
      assigned: Math.min(
        shards,
        living.reduce((sum, node) => sum + node.shards, 0)
      )
    },
    cameras: { desired: enabled.length, running: enabled.length - unplaced.length, unplaced }
  }
}
