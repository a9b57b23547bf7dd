import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import { Effect } from "effect"
import { addEventNote, changeEvent, getEvent, queryEvents } from "../../application/EventOperations.js"
import { listModels } from "../../application/ModelOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerEventHandlers = HttpApiBuilder.group(VigilApi, "events", (handlers) =>
  handlers
    .handle("list", ({ urlParams }) => Effect.mapError(queryEvents(urlParams), toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(getEvent(id), toProblem))
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeEvent(id, payload), toProblem))
    .handle("addNote", ({ path: { id }, payload }) => Effect.mapError(addEventNote(id, payload), toProblem))
)

export const layerCatalogueHandlers = HttpApiBuilder.group(VigilApi, "catalogue", (handlers) =>
  handlers
    .handle("models", () => Effect.mapError(listModels, toProblem))
    .handle("analytics", () => Effect.map(AnalyticCatalogue, ({ list }) => list))
)
