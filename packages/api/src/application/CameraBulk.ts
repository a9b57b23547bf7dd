import { type BulkChange, type BulkRequest, patchOfBulk } from "@vigil/core/CameraBulk"
import { authorize } from "@vigil/core/control/Authorization"
import { configureCamera, getCamera } from "@vigil/core/control/CameraCommands"
import type { CameraId } from "@vigil/core/Ids"
import { Effect } from "effect"
import { removeCamera } from "./CameraOperations.js"

/** Changes of one request that are made at a time. */
const concurrency = 4

const changeOne = (id: CameraId, change: BulkChange) =>
  Effect.gen(function* () {
    const camera = yield* getCamera(id)
    const patch = patchOfBulk(camera, change)
    yield* patch === undefined ? removeCamera(id) : configureCamera(id, patch, camera.revision)
  })

/** The same change to each of many cameras, each by itself: what cannot be done to one is told with it. */
export const changeCameras = ({ change, ids }: BulkRequest) =>
  Effect.gen(function* () {
    yield* authorize("supervisor")
    return yield* Effect.forEach(
      new Set(ids),
      (id) => Effect.map(Effect.either(changeOne(id, change)), (outcome) => ({ id, outcome })),
      { concurrency }
    )
  })
