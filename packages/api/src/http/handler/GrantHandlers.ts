import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { ownGrants, setUserGrants, userGrants } from "../../application/GrantOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerGrantHandlers = HttpApiBuilder.group(VigilApi, "grants", (handlers) =>
  handlers
    .handle("mine", () => Effect.mapError(ownGrants, toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(userGrants(id), toProblem))
    .handle("set", ({ path: { id }, payload }) => Effect.mapError(setUserGrants(id, payload), toProblem))
)
