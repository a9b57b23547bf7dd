import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import {
  activateModelVersion,
  cameraModels,
  checkModelVersion,
  createModelVersion,
  deactivateModel,
  getModelVersion,
  listModelVersions,
  putModelPart,
  removeModelVersion
} from "../../application/ModelOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerModelHandlers = HttpApiBuilder.group(VigilApi, "models", (handlers) =>
  handlers
    .handle("versions", () => Effect.mapError(listModelVersions, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(createModelVersion(payload), toProblem))
    .handle("get", ({ path: { id, version } }) => Effect.mapError(getModelVersion(id, version), toProblem))
    .handle("putPart", ({ path: { id, part, version }, payload }) =>
      Effect.mapError(putModelPart(id, version, part, payload), toProblem)
    )
    .handle("check", ({ path: { id, version } }) => Effect.mapError(checkModelVersion(id, version), toProblem))
    .handle("activate", ({ path: { id, version } }) => Effect.mapError(activateModelVersion(id, version), toProblem))
    .handle("deactivate", ({ path: { id } }) => Effect.mapError(deactivateModel(id), toProblem))
    .handle("remove", ({ path: { id, version } }) => Effect.mapError(removeModelVersion(id, version), toProblem))
    .handle("forCamera", ({ path: { id } }) => Effect.mapError(cameraModels(id), toProblem))
)
