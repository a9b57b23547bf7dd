/**
 * The control of cameras over ports alone, whichever way it is called: RPC on each of its transports, and HTTP. Each command checks the role and that
 * the camera belongs to the caller's tenant.
 *
 * @module
 */
import { Effect, Either, Option } from "effect"
import type { AnalyticAssignment } from "../Analytic.js"
import { cameraRestarted } from "../AuditChanges.js"
import type { AuditChange } from "../AuditEntry.js"
import { Camera, type CameraPatch } from "../Camera.js"
import type { CameraId } from "../Ids.js"
import { Principal } from "../contract/Principal.js"
import { AnalyticCatalogue } from "../port/AnalyticCatalogue.js"
import { AuditStore } from "../port/AuditStore.js"
import { CameraControl } from "../port/CameraControl.js"
import { CameraStore } from "../port/CameraStore.js"
import { changedOwnSettings } from "../settings/CameraSettings.js"
import { checkSettings } from "../settings/SettingCatalogue.js"
import { isOfThisMachine, parseSourceUrl } from "../SourceUrl.js"
import { allowedWithinReach, authorize, inCallersName } from "./Authorization.js"
import { authorizeMasks, authorizeViews } from "./MaskRights.js"
import { checkAnalyticNeeds, checkModel } from "./ModelAssignment.js"

export const checkAnalytics = (assignments: ReadonlyArray<AnalyticAssignment>) =>
  Effect.flatMap(AnalyticCatalogue, ({ check }) => Effect.forEach(assignments, check, { discard: true }))

/** Files and devices of this machine show what the person may not see otherwise. */
export const authorizeSource = (url: string) =>
  Either.match(parseSourceUrl(url), { onLeft: () => false, onRight: isOfThisMachine })
    ? Effect.asVoid(authorize("admin", "a file or device of this machine as the source"))
    : Effect.void

export const getCamera = (id: CameraId) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    return yield* (yield* CameraStore).get(user.tenantId, id)
  })

/** What of a camera decides which models and analytics it can be given. */
const aboutNeeds = ["segment", "detection", "analytics", "settings", "edge", "placeId"] as const satisfies ReadonlyArray<
  keyof CameraPatch
>

/** Whether the caller may change a camera in this way. */
export const authorizeChange = (camera: Camera, patch: CameraPatch) =>
  Effect.gen(function* () {
    const { edge, id, placeId, tenantId, url } = camera
    yield* authorize("supervisor")
    yield* Effect.forEach([url, patch.url ?? url], authorizeSource, { discard: true })
    const masks = patch.masks ?? camera.masks
    yield* authorizeMasks(camera.masks, masks)
    if (patch.url !== undefined) yield* authorizeViews(tenantId, [{ url: patch.url, masks }], id)
    yield* checkAnalytics(patch.analytics ?? [])
    yield* checkSettings(patch.settings ?? {})
    if (aboutNeeds.some((field) => patch[field] !== undefined)) {
      const wanted = Camera.make({
        ...camera,
        ...changedOwnSettings(camera, patch),
        analytics: patch.analytics ?? camera.analytics,
        edge: patch.edge === undefined ? edge : patch.edge,
        placeId: patch.placeId === undefined ? placeId : patch.placeId
      })
      yield* checkModel(tenantId, wanted, camera)
      yield* checkAnalyticNeeds(wanted, camera)
    }
  })

/** Changes what is stored; the camera's node follows by itself. */
export const configureCamera = (id: CameraId, patch: CameraPatch, expectedRevision?: number) =>
  Effect.gen(function* () {
    const user = yield* authorize("supervisor")
    const store = yield* CameraStore
    const camera = yield* store.get(user.tenantId, id)
    yield* authorizeChange(camera, patch)
    // What was allowed was allowed of these masks.
    const expected = patch.masks === undefined ? expectedRevision : (expectedRevision ?? camera.revision)
    return yield* allowedWithinReach(store.update(user.tenantId, id, patch, expected))
  }).pipe(inCallersName)

export const cameraStatus = (id: CameraId) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    return yield* (yield* CameraControl).status(id)
  })

export const cameraStatistics = (id: CameraId) =>
  Effect.map(cameraStatus(id), ({ cameraId, epoch, node, pipeline, source, viewers }) => ({
    cameraId,
    epoch,
    node,
    pipeline,
    source,
    viewers
  }))

/** Written before it is done, where there is an audit trail: a program that embeds cameras may have none. */
const noted = (change: AuditChange) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    const trail = yield* Effect.serviceOption(AuditStore)
    if (Option.isSome(trail)) yield* trail.value.append(user.tenantId, change)
  }).pipe(inCallersName)

export const restartCamera = (id: CameraId) =>
  Effect.gen(function* () {
    yield* authorize("operator")
    yield* noted(cameraRestarted(yield* getCamera(id)))
    return yield* (yield* CameraControl).restart(id)
  })

export const cameraSnapshot = (id: CameraId) =>
  Effect.gen(function* () {
    yield* getCamera(id)
    return yield* (yield* CameraControl).snapshot(id)
  })

/** A key frame costs the camera's network for a moment, so it is not for everybody. */
export const requestKeyframe = (id: CameraId) =>
  Effect.gen(function* () {
    yield* authorize("operator")
    yield* getCamera(id)
    return { method: yield* (yield* CameraControl).requestKeyframe(id) }
  })
