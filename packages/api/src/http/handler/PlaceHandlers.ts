import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { changePlace, createPlace, getPlace, listPlaces, removePlace } from "../../application/PlaceOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerPlaceHandlers = HttpApiBuilder.group(VigilApi, "places", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listPlaces, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(createPlace(payload), toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(getPlace(id), toProblem))
    .handle("update", ({ path: { id }, payload }) => Effect.mapError(changePlace(id, payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(removePlace(id), toProblem))
)
