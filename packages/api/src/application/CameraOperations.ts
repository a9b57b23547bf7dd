/**
 * What people may do with cameras, whichever way they call: HTTP and RPC are two doors to these. Each operation checks the role
 * and that the camera belongs to the caller's tenant.
 *
 * @module
 */
import type { CameraPatch, NewCamera } from "@vigil/core/Camera"
import type { AnalyticAssignment } from "@vigil/core/Analytic"
import type { CameraId } from "@vigil/core/Ids"
import { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { type SourceConfig, sourceConfig, type SourceError } from "@vigil/core/Source"
import { parseSourceUrl } from "@vigil/core/SourceUrl"
import type { User } from "@vigil/core/User"
import { Effect, Stream } from "effect"
import { authorize } from "./Authorization.js"

const checkAnalytics = (assignments: ReadonlyArray<AnalyticAssignment>) =>
  Effect.flatMap(AnalyticCatalogue, ({ check }) => Effect.forEach(assignments, check, { discard: true }))

export const listCameras = Effect.gen(function* () {
  const user = yield* authorize("viewer")
  return yield* (yield* CameraStore).list(user.tenantId)
})

export const getCamera = (id: CameraId) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    return yield* (yield* CameraStore).get(user.tenantId, id)
  })

export const createCamera = (camera: NewCamera) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* checkAnalytics(camera.analytics)
    return yield* (yield* CameraStore).create(user.tenantId, camera)
  })

export const updateCamera = (id: CameraId, patch: CameraPatch, expectedRevision: number | undefined) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* checkAnalytics(patch.analytics ?? [])
    return yield* (yield* CameraStore).update(user.tenantId, id, patch, expectedRevision)
  })

export const removeCamera = (id: CameraId) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* (yield* CameraStore).remove(user.tenantId, id)
  })

export const cameraStatus = (id: CameraId) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    return yield* (yield* CameraControl).status(id)
  })

export const restartCamera = (id: CameraId) =>
  Effect.gen(function* () {
    yield* authorize("operator")
    yield* getCamera(id)
    return yield* (yield* CameraControl).restart(id)
  })

export const snapshot = (id: CameraId) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    return yield* (yield* CameraControl).snapshot(id)
  })

const probed = (camera: NewCamera): Effect.Effect<SourceConfig, SourceError> =>
  Effect.map(parseSourceUrl(camera.url), (address) => {
    const credentials = camera.credentials ?? address.credentials
    return sourceConfig(address.url, {
      transport: camera.transport,
      tls: camera.tls,
      ...(credentials === undefined ? {} : { credentials })
    })
  })

export const probeSource = (camera: NewCamera, seconds: number) =>
  Effect.gen(function* () {
    yield* authorize("supervisor")
    const { probe } = yield* CameraControl
    return yield* probe(yield* probed(camera), seconds)
  })

/** Whether a camera is the user's tenant's; asks once per camera, because a camera never changes its tenant. */
const ownership = (user: User) =>
  Effect.map(CameraStore, (store) => {
    const known = new Map<CameraId, boolean>()
    return (id: CameraId): Effect.Effect<boolean> => {
      const answer = known.get(id)
      if (answer !== undefined) return Effect.succeed(answer)
      return store.get(user.tenantId, id).pipe(
        Effect.as(true),
        Effect.catchTag("CameraNotFound", () => Effect.succeed(false)),
        Effect.tap((owned) => known.set(id, owned)),
        // Not known for now: the next status asks again.
        Effect.catchTag("StoreUnavailable", () => Effect.succeed(false))
      )
    }
  })

export const cameraStatuses = Effect.gen(function* () {
  const ids = new Set((yield* listCameras).map(({ id }) => id))
  const { statuses } = yield* CameraControl
  return (yield* statuses).filter(({ cameraId }) => ids.has(cameraId))
})

export const watchCameras = Stream.unwrap(
  Effect.gen(function* () {
    const owns = yield* ownership(yield* authorize("viewer"))
    const { watch } = yield* CameraControl
    return Stream.filterEffect(watch, ({ cameraId }) => owns(cameraId))
  })
)

/** A viewer who is too slow sees the newest: at most that many wait. */
const overlayBuffer = 8

export const watchOverlays = (id: CameraId) =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* getCamera(id)
      const { overlays } = yield* CameraControl
      return Stream.buffer(overlays(id), { capacity: overlayBuffer, strategy: "sliding" })
    })
  )

export const openView = (id: CameraId, offer: string) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    return yield* (yield* LiveViews).open(id, offer)
  })

export const closeView = (id: CameraId, viewId: string) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    yield* (yield* LiveViews).close(id, viewId)
  })
