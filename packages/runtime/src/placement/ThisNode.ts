import { type NodeCapacity, NodeName, type NodeReport } from "@vigil/core/Node"
import { Context, DateTime, Layer } from "effect"
import { availableParallelism, totalmem } from "node:os"

type Description = Pick<NodeReport, "version" | "roles" | "labels" | "capacity" | "startedAt">

/** One node alone has nobody to give cameras to: it takes all there are. */
const alone = (version: string): Description => ({
  version,
  roles: ["camera", "api"],
  labels: {},
  capacity: { cameras: 100_000, cpu: 1, memory: totalmem() },
  startedAt: DateTime.unsafeNow()
})

/** What does not change about this node while it runs. */
export class ThisNode extends Context.Reference<ThisNode>()("@vigil/runtime/ThisNode", {
  defaultValue: () => alone("unknown")
}) {
  static readonly layerAlone = (version: string): Layer.Layer<ThisNode> => Layer.sync(ThisNode, () => alone(version))
  static readonly layer = (description: Omit<Description, "startedAt">): Layer.Layer<ThisNode> =>
    Layer.sync(ThisNode, () => ({ ...description, startedAt: DateTime.unsafeNow() }))
}

/** A node's name made of a host's: `Camera_01.example` becomes `camera-01`. */
export const nodeNameOf = (host: string): NodeName => {
  const name = (host.split(".")[0] ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "")
  return NodeName.make(name === "" ? "node" : name)
}

const camerasPerCore = 50
/** Of the machine's processors and memory; the rest is the system's. */
const ownShare = 0.85

/** What a node may take on that has this machine to itself. */
export const capacityOfMachine = (cameras = availableParallelism() * camerasPerCore): NodeCapacity => ({
  cameras,
  cpu: ownShare,
  memory: Math.round(totalmem() * ownShare)
})
