import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { objectDifference, objectHistory, rollBackCamera } from "../../application/HistoryOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerHistoryHandlers = HttpApiBuilder.group(VigilApi, "history", (handlers) =>
  handlers
    .handle("versions", ({ path: { id, type } }) => Effect.mapError(objectHistory(type, id), toProblem))
    .handle("difference", ({ path: { id, type }, urlParams: { from, to } }) =>
      Effect.mapError(objectDifference(type, id, from, to), toProblem)
    )
    .handle("rollBackCamera", ({ path: { id }, payload: { credentials, expectedRevision, revision } }) =>
      Effect.mapError(rollBackCamera(id, revision, credentials, expectedRevision), toProblem)
    )
)
