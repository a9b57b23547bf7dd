import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import {
  adoptDevices,
  cancelDiscovery,
  getDiscovery,
  listDiscoveries,
  startDiscovery
} from "../../application/DiscoveryOperations.js"
import { setHeaders } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

export const layerDiscoveryHandlers = HttpApiBuilder.group(VigilApi, "discoveries", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listDiscoveries, toProblem))
    .handle("start", ({ payload }) =>
      startDiscovery(payload).pipe(
        Effect.tap(({ id }) => setHeaders({ location: `/api/v1/discoveries/${id}` })),
        Effect.mapError(toProblem)
      )
    )
    .handle("get", ({ path: { id } }) => Effect.mapError(getDiscovery(id), toProblem))
    .handle("cancel", ({ path: { id } }) => Effect.mapError(cancelDiscovery(id), toProblem))
    .handle("adopt", ({ path: { id }, payload }) => Effect.mapError(adoptDevices(id, payload), toProblem))
)
