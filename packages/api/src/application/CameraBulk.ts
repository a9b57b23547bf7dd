import { type BulkRequest, patchOfBulk } from "@vigil/core/CameraBulk"
import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import { authorizeChange } from "@vigil/core/control/CameraCommands"
import type { CameraId } from "@vigil/core/Ids"
import { CameraNotFound, CameraStore } from "@vigil/core/port/CameraStore"
import { Array, Effect } from "effect"
import { authorizeRemoval } from "./CameraOperations.js"

/** The same change to each of many cameras, each by itself: what cannot be done to one is told with it. */
export const changeCameras = ({ change, ids }: BulkRequest) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    const store = yield* CameraStore
    const isRemoval = change.action === "delete"
    const wanted = Array.dedupe(ids)
    const cameras = new Map((yield* store.among(tenantId, wanted)).map((camera) => [camera.id, camera]))

    /** The change of one camera as it is now, if the caller may make it. */
    const allowed = (id: CameraId) =>
      Effect.gen(function* () {
        const camera = cameras.get(id) ?? (yield* new CameraNotFound({ cameraId: id }))
        const patch = patchOfBulk(camera, change)
        yield* isRemoval ? authorizeRemoval(camera) : authorizeChange(camera, patch)
        return { id, patch, expectedRevision: camera.revision }
      })

    const asked = yield* Effect.forEach(wanted, (id) => Effect.either(allowed(id)))
    const changes = Array.getRights(asked)
    const done = isRemoval ? yield* store.removeMany(tenantId, changes) : yield* store.updateMany(tenantId, changes)

    const outcome = (id: CameraId, permitted: (typeof asked)[number]) =>
      Effect.gen(function* () {
        yield* permitted
        yield* done.get(id) ?? new CameraNotFound({ cameraId: id })
      }).pipe(allowedWithinReach, Effect.either)
    return yield* Effect.forEach(Array.zip(wanted, asked), ([id, permitted]) =>
      Effect.map(outcome(id, permitted), (told) => ({ id, outcome: told }))
    )
  }).pipe(inCallersName)
