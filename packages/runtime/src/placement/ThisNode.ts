import { NodeName, type NodeReport } from "@vigil/core/Node"
import { Context, DateTime, Effect, Layer } from "effect"
import { hostname, totalmem } from "node:os"

type Description = Pick<NodeReport, "name" | "version" | "roles" | "labels" | "capacity" | "startedAt">

/** What does not change about this node while it runs. */
export class ThisNode extends Context.Tag("@vigil/runtime/ThisNode")<ThisNode, Description>() {
  static readonly layer = (description: Omit<Description, "startedAt">): Layer.Layer<ThisNode> =>
    Layer.effect(
      ThisNode,
      Effect.map(DateTime.now, (startedAt) => ({ ...description, startedAt }))
    )

  /** One node alone: it has nobody to give cameras to, so that it takes all there are. */
  static readonly layerAlone: Layer.Layer<ThisNode> = ThisNode.layer({
    name: nodeNameOf(hostname()),
    version: "0.1.0",
    roles: ["camera", "api"],
    labels: {},
    capacity: { cameras: 100_000, cpu: 1, memory: totalmem() }
  })
}

/** A node's name made of a host's: `Camera_01.example` becomes `camera-01`. */
export function nodeNameOf(host: string): NodeName {
  const name = (host.split(".")[0] ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "")
  return NodeName.make(name === "" ? "node" : name)
}
