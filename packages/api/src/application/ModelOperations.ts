import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { getCamera } from "@vigil/core/control/CameraCommands"
import { modelsForCamera } from "@vigil/core/control/ModelAssignment"
import type { CameraId, ModelId } from "@vigil/core/Ids"
import type { NewModelVersion, VersionName } from "@vigil/core/ModelVersion"
import { checkComplete } from "@vigil/core/ModelVersionRules"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore, ModelVersionRefused } from "@vigil/core/port/ModelStore"
import { Effect } from "effect"

/** The models that the caller's cameras can be given. */
export const listModels = Effect.gen(function* () {
  const { tenantId } = yield* authorize("viewer")
  return yield* (yield* ModelLibrary).list(tenantId)
})

export const listModelVersions = Effect.gen(function* () {
  const { tenantId } = yield* authorize("viewer")
  return yield* (yield* ModelStore).list(tenantId)
})

export const getModelVersion = (model: ModelId, version: VersionName) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("viewer")
    return yield* (yield* ModelStore).get(tenantId, model, version)
  })

export const createModelVersion = ({ model, ...version }: NewModelVersion & { readonly model: ModelId }) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const { largest } = yield* ModelInspector
    if (version.bytes > largest) {
      const taken = largest === 0 ? "no models" : `models of up to ${largest} bytes`
      return yield* new ModelVersionRefused({
        reason: "too-large",
        detail: `the file has ${version.bytes} bytes, and this installation takes ${taken} (VIGIL_MODEL_LIMIT)`
      })
    }
    return yield* (yield* ModelStore).create(tenantId, model, version)
  }).pipe(inCallersName)

export const putModelPart = (model: ModelId, version: VersionName, part: number, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* ModelStore).putPart(tenantId, model, version, part, bytes)
  }).pipe(inCallersName)

/** Looks at the file and says what came of it; one that was refused before is looked at again. */
export const checkModelVersion = (model: ModelId, version: VersionName) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const store = yield* ModelStore
    const found = yield* store.get(tenantId, model, version)
    yield* checkComplete(found)
    const verdict = yield* (yield* ModelInspector).inspect(found)
    return yield* store.judge(tenantId, model, version, verdict)
  }).pipe(inCallersName)

export const activateModelVersion = (model: ModelId, version: VersionName) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    return yield* (yield* ModelStore).activate(tenantId, model, version)
  }).pipe(inCallersName)

export const deactivateModel = (model: ModelId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* ModelStore).deactivate(tenantId, model)
  }).pipe(inCallersName)

export const removeModelVersion = (model: ModelId, version: VersionName) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* ModelStore).remove(tenantId, model, version)
  }).pipe(inCallersName)

export const cameraModels = (id: CameraId) => Effect.flatMap(getCamera(id), modelsForCamera)
