/**
 * What people may do with cameras besides controlling them (`@vigil/core/control/CameraCommands`), whichever way they call: HTTP and RPC are two
 * doors to these. Each operation checks the role and that the camera belongs to the caller's tenant.
 *
 * @module
 */
import type { Camera, NewCamera } from "@vigil/core/Camera"
import type { CameraQuery } from "@vigil/core/CameraQuery"
import { addressFor, type CameraRecord, credentialsFor, freshCamera, newRecord } from "@vigil/core/CameraRecord"
import { Principal } from "@vigil/core/contract/Principal"
import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import { authorizeSource, checkAnalytics, getCamera } from "@vigil/core/control/CameraCommands"
import { authorizeMasks, authorizeViews } from "@vigil/core/control/MaskRights"
import { checkAnalyticNeeds, checkModel } from "@vigil/core/control/ModelAssignment"
import type { CameraId } from "@vigil/core/Ids"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { checkSettings } from "@vigil/core/settings/SettingCatalogue"
import { sourceConfig } from "@vigil/core/Source"
import { wholeAddress } from "@vigil/core/SourceUrl"
import type { ComingBack } from "@vigil/core/Rollback"
import type { User } from "@vigil/core/User"
import { DateTime, Effect, Option, Stream } from "effect"
import { OpenViews, type Stay } from "./OpenViews.js"
import { Sights } from "./Sights.js"

export const listCameras = Effect.gen(function* () {
  const user = yield* authorize("viewer")
  return yield* (yield* CameraStore).list(user.tenantId)
})

/** The cameras that are in the state that is asked for; undefined where none is. */
const inStateOf = ({ state: wanted }: CameraQuery) =>
  wanted === undefined
    ? Effect.succeed(undefined)
    : Effect.flatMap(CameraControl, ({ statuses }) =>
        Effect.map(statuses, (all) => all.filter(({ state }) => state._tag === wanted).map(({ cameraId }) => cameraId))
      )

export const queryCameras = (query: CameraQuery) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    return yield* (yield* CameraStore).page(user.tenantId, query, yield* inStateOf(query))
  })

/** Whether the caller may add this camera; answers the tenant to add it to. */
const authorizeNew = (camera: NewCamera) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    yield* authorizeSource(camera.url)
    yield* authorizeViews(tenantId, [camera])
    yield* checkAnalytics(camera.analytics)
    yield* checkSettings(camera.settings ?? {})
    const wanted = yield* newRecord(tenantId, freshCamera().id, camera, yield* DateTime.now)
    yield* checkModel(tenantId, wanted.camera)
    yield* checkAnalyticNeeds(wanted.camera)
    return tenantId
  })

export const createCamera = (camera: NewCamera) =>
  Effect.gen(function* () {
    const tenant = yield* authorizeNew(camera)
    return yield* allowedWithinReach((yield* CameraStore).create(tenant, camera))
  }).pipe(inCallersName)

/** Adds a camera that was removed, as the one that it was. */
export const restoreCamera = (back: ComingBack<CameraId>, camera: NewCamera) =>
  Effect.gen(function* () {
    const tenant = yield* authorizeNew(camera)
    return yield* allowedWithinReach((yield* CameraStore).restore(tenant, back, camera))
  }).pipe(inCallersName)

/** Whether the caller may remove the camera. */
export const authorizeRemoval = ({ masks }: Camera) => Effect.zipRight(authorize("supervisor"), authorizeMasks(masks, []))

export const removeCamera = (id: CameraId, expectedRevision?: number) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    const store = yield* CameraStore
    const camera = yield* store.get(user.tenantId, id)
    yield* authorizeRemoval(camera)
    yield* store.remove(user.tenantId, id, expectedRevision ?? camera.revision)
  }).pipe(inCallersName)

const storedRecord = (user: User, id: CameraId) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const camera = yield* store.get(user.tenantId, id)
    return { camera, ...(yield* store.secrets(id)) } satisfies CameraRecord
  })

export const probeSource = (camera: NewCamera, seconds: number, cameraId: CameraId | undefined) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* authorizeSource(camera.url)
    const stored = cameraId === undefined ? undefined : yield* storedRecord(user, cameraId)
    const address = yield* stored === undefined ? wholeAddress(camera.url) : addressFor(stored, camera.url)
    const known = stored === undefined ? undefined : Option.getOrUndefined(credentialsFor(stored, address))
    const credentials = camera.credentials ?? address.credentials ?? known
    const { probe } = yield* CameraControl
    const { transport, tls } = camera
    return yield* probe(
      sourceConfig(address.url, { transport, tls, ...(credentials === undefined ? {} : { credentials }) }),
      seconds
    )
  })

export const cameraStatuses = Effect.gen(function* () {
  const ids = new Set((yield* listCameras).map(({ id }) => id))
  const { statuses } = yield* CameraControl
  return (yield* statuses).filter(({ cameraId }) => ids.has(cameraId))
})

export const watchCameras = Stream.unwrapScoped(
  Effect.gen(function* () {
    const sight = yield* (yield* Sights).of(yield* authorize("viewer"))
    const { statuses, watch } = yield* CameraControl
    const seen = Stream.filterEffect(watch, ({ cameraId }) => sight.sees(cameraId))
    return Stream.merge(seen, sight.gained(statuses), { haltStrategy: "left" })
  })
)

/** A viewer who is too slow sees the newest: at most that many wait. */
const overlayBuffer = 8

export const watchOverlays = (id: CameraId) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      yield* getCamera(id)
      const sight = yield* (yield* Sights).of((yield* Principal).user)
      const { overlays } = yield* CameraControl
      return overlays(id).pipe(
        Stream.buffer({ capacity: overlayBuffer, strategy: "sliding" }),
        Stream.interruptWhen(sight.lost(id))
      )
    })
  )

/** The view lasts no longer than the `stay` of whoever opens it. */
export const openView = (id: CameraId, offer: string, stay: Stay) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    const opened = yield* (yield* LiveViews).open(id, offer)
    yield* (yield* OpenViews).add({ viewId: opened.viewId, cameraId: id, viewer: (yield* Principal).user, stay })
    return opened
  })

export const closeView = (id: CameraId, viewId: string) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    yield* (yield* LiveViews).close(id, viewId)
    yield* (yield* OpenViews).forget(viewId)
  })
