import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { ownGrants, setUserGrants, userGrants } from "../../application/GrantOperations.js"
import { onMatch, tagged } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

export const layerGrantHandlers = HttpApiBuilder.group(VigilApi, "grants", (handlers) =>
  handlers
    .handle("mine", () => Effect.mapError(ownGrants, toProblem))
    .handle("get", ({ path: { id } }) => userGrants(id).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("set", ({ headers, path: { id }, payload }) =>
      onMatch(headers, (expected) =>
        setUserGrants(id, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
      )
    )
)
