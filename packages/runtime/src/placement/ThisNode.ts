import { NodeName, type NodeReport } from "@vigil/core/Node"
import { Context, DateTime, Layer } from "effect"
import { totalmem } from "node:os"

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
