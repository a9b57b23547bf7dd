import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { toProblem } from "../http/ToProblem.js"
import { edges, makeEdge, renewEdgeToken, revokeEdge } from "./EdgeOperations.js"

export const layerEdgesHandlers = HttpApiBuilder.group(VigilApi, "edges", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(edges, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(makeEdge(payload), toProblem))
    .handle("renew", ({ path: { id } }) => Effect.mapError(renewEdgeToken(id), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(revokeEdge(id), toProblem))
)
