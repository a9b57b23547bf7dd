import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { objectDifference, objectHistory, removedObjects } from "../../application/HistoryOperations.js"
import { rollBack } from "../../application/RollbackOperations.js"
import { onMatch, tagged } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

export const layerHistoryHandlers = HttpApiBuilder.group(VigilApi, "history", (handlers) =>
  handlers
    .handle("removed", ({ path: { type } }) => Effect.mapError(removedObjects(type), toProblem))
    .handle("versions", ({ path: { id, type } }) => Effect.mapError(objectHistory(type, id), toProblem))
    .handle("difference", ({ path: { id, type }, urlParams: { from, to } }) =>
      Effect.mapError(objectDifference(type, id, from, to), toProblem)
    )
    .handle("rollBack", ({ headers, path: { id, type }, payload }) =>
      onMatch(headers, (expected) =>
        rollBack(type, id, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
      )
    )
)
