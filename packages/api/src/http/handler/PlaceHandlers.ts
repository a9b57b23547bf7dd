import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { changePlace, createPlace, getPlace, listPlaces, removePlace } from "../../application/PlaceOperations.js"
import { onMatch, setHeaders, tagged } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

export const layerPlaceHandlers = HttpApiBuilder.group(VigilApi, "places", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listPlaces, toProblem))
    .handle("create", ({ payload }) =>
      createPlace(payload).pipe(
        Effect.tap(({ id }) => setHeaders({ location: `/api/v1/places/${id}` })),
        Effect.flatMap(tagged),
        Effect.mapError(toProblem)
      )
    )
    .handle("get", ({ path: { id } }) => getPlace(id).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("update", ({ headers, path: { id }, payload }) =>
      onMatch(headers, (expected) => changePlace(id, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    )
    .handle("remove", ({ headers, path: { id } }) =>
      onMatch(headers, (expected) => Effect.mapError(removePlace(id, expected), toProblem))
    )
)
