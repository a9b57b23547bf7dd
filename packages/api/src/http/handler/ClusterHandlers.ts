import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { clusterStatus, drainNode, rebalanceCluster, resumeNode } from "../../application/ClusterOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerClusterHandlers = HttpApiBuilder.group(VigilApi, "cluster", (handlers) =>
  handlers
    .handle("status", () => Effect.mapError(clusterStatus, toProblem))
    .handle("drain", ({ path: { name } }) => Effect.mapError(drainNode(name), toProblem))
    .handle("resume", ({ path: { name } }) => Effect.mapError(resumeNode(name), toProblem))
    .handle("rebalance", () => Effect.mapError(rebalanceCluster, toProblem))
)
