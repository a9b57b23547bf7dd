/**
 * What people may do with cameras besides controlling them (`@vigil/core/control/CameraCommands`), whichever way they call: HTTP and RPC are two
 * doors to these. Each operation checks the role and that the camera belongs to the caller's tenant.
 *
 * @module
 */
import type { NewCamera } from "@vigil/core/Camera"
import type { CameraQuery } from "@vigil/core/CameraQuery"
import { credentialsFor } from "@vigil/core/CameraRecord"
import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import { authorizeSource, checkAnalytics, getCamera } from "@vigil/core/control/CameraCommands"
import type { CameraId } from "@vigil/core/Ids"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { sourceConfig } from "@vigil/core/Source"
import { parseSourceUrl, type SourceAddress } from "@vigil/core/SourceUrl"
import type { User } from "@vigil/core/User"
import { Effect, Option, Stream } from "effect"

export const listCameras = Effect.gen(function* () {
  const user = yield* authorize("viewer")
  return yield* (yield* CameraStore).list(user.tenantId)
})

export const queryCameras = (query: CameraQuery) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    const store = yield* CameraStore
    if (query.state === undefined) return yield* store.page(user.tenantId, query)
    const { statuses } = yield* CameraControl
    const inState = (yield* statuses).filter(({ state }) => state._tag === query.state)
    return yield* store.page(
      user.tenantId,
      query,
      inState.map(({ cameraId }) => cameraId)
    )
  })

export const createCamera = (camera: NewCamera) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* authorizeSource(camera.url)
    yield* checkAnalytics(camera.analytics)
    return yield* allowedWithinReach((yield* CameraStore).create(user.tenantId, camera))
  }).pipe(inCallersName)

export const removeCamera = (id: CameraId, expectedRevision?: number) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* (yield* CameraStore).remove(user.tenantId, id, expectedRevision)
  }).pipe(inCallersName)

/** What the camera's store knows for this address; nothing where it is of another server. */
const storedCredentials = (user: User, id: CameraId, address: SourceAddress) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const camera = yield* store.get(user.tenantId, id)
    return credentialsFor({ camera, credentials: yield* store.credentials(id) }, address)
  })

export const probeSource = (camera: NewCamera, seconds: number, cameraId: CameraId | undefined) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    yield* authorizeSource(camera.url)
    const address = yield* parseSourceUrl(camera.url)
    const given = camera.credentials ?? address.credentials
    const stored =
      given === undefined && cameraId !== undefined ? yield* storedCredentials(user, cameraId, address) : Option.none()
    const credentials = given ?? Option.getOrUndefined(stored)
    const { probe } = yield* CameraControl
    const { transport, tls } = camera
    return yield* probe(
      sourceConfig(address.url, { transport, tls, ...(credentials === undefined ? {} : { credentials }) }),
      seconds
    )
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
