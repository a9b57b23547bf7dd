import type { CameraId, Epoch } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"

/** Cameras that are remembered at the most, whatever other nodes say. */
const mostCameras = 100_000

interface AnyStatus {
  readonly cameraId: CameraId
  readonly epoch: Epoch
  readonly node: string
}

/**
 * The newest statuses that other nodes told of their cameras. Of two actors of a camera the one with the higher epoch counts, so a node that slept and
 * tells old things changes nothing. A node that falls silent takes its cameras with it. Times are monotonic milliseconds.
 */
export class StatusBoard<Status extends AnyStatus> {
  private readonly statuses = new Map<CameraId, Status>()
  private readonly heard = new Map<NodeName, number>()

  /** Something came from the node: it lives. */
  hear(node: NodeName, now: number): void {
    this.heard.set(node, now)
  }

  /** `status.node` must be the name that it was heard of by. */
  put(status: Status): void {
    const known = this.statuses.get(status.cameraId)
    if (known !== undefined && known.epoch > status.epoch) return
    if (known === undefined && this.statuses.size >= mostCameras) return
    this.statuses.set(status.cameraId, status)
  }

  /** The node's actor of the camera ended; a newer one elsewhere stays. */
  remove(cameraId: CameraId, epoch: Epoch): void {
    const known = this.statuses.get(cameraId)
    if (known !== undefined && known.epoch <= epoch) this.statuses.delete(cameraId)
  }

  /** Forgets the nodes that were last heard of before `limit`, and their cameras. */
  expire(limit: number): void {
    for (const [node, at] of this.heard) if (at < limit) this.forget(node)
  }

  /** The node says that it ends. */
  forget(node: NodeName): void {
    this.heard.delete(node)
    for (const [id, status] of this.statuses) if (status.node === node) this.statuses.delete(id)
  }

  get(id: CameraId): Status | undefined {
    return this.statuses.get(id)
  }

  all(): Iterable<Status> {
    return this.statuses.values()
  }

  nodes(): ReadonlyArray<NodeName> {
    return [...this.heard.keys()]
  }
}
