import { Forbidden } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { configureCamera, getCamera } from "@vigil/core/control/CameraCommands"
import { type CameraId, defaultTenant, type TenantId } from "@vigil/core/Ids"
import { findModel } from "@vigil/core/control/ModelAssignment"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { PlaceNotFound, PlaceStore } from "@vigil/core/port/PlaceStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { cameraLevel, cameraPatchOf } from "@vigil/core/settings/CameraSettings"
import { checkSettingPatch, settingDefinitions } from "@vigil/core/settings/SettingCatalogue"
import {
  effectiveSettings,
  levelsAt,
  type SaidLevel,
  type SettingScope,
  type SettingsView
} from "@vigil/core/settings/SettingLevels"
import { Settings } from "@vigil/core/settings/Settings"
import { anyModel, detectionModel, detectionPlacement, valueOf } from "@vigil/core/settings/Setting"
import { patched, type SettingPatch } from "@vigil/core/settings/SettingValues"
import type { User } from "@vigil/core/User"
import { Effect } from "effect"

export const definitions = Effect.zipRight(authorize("viewer"), settingDefinitions)

/** Who may say something at a level. What everybody inherits is of the installation, like its keys. */
export const authorizeChange = (scope: SettingScope) =>
  Effect.gen(function* () {
    if (scope.level === "site") return yield* authorize("supervisor")
    const what = `the settings of the ${scope.level}`
    const user = yield* authorize("admin", what)
    if (scope.level === "tenant" || user.tenantId === defaultTenant) return user
    return yield* new Forbidden({ needed: "admin", role: user.role, what })
  })

/** A site that the caller may see. */
const checkSite = ({ tenantId }: User, scope: SettingScope) =>
  Effect.gen(function* () {
    if (scope.level !== "site") return
    const { kind } = yield* (yield* PlaceStore).get(tenantId, scope.site)
    if (kind !== "site") return yield* new PlaceNotFound({ placeId: scope.site })
  })

/** The level itself first, then those above. */
const levelsOf = (tenant: TenantId, scope: SettingScope) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const system = yield* settings.system
    if (scope.level === "system") return { revision: system.revision, levels: [{ level: scope.level, values: system.values }] }
    const said = yield* settings.ofTenant(tenant)
    const site = scope.level === "site" ? scope.site : null
    const own = site === null ? said.tenant : said.sites.get(site)
    return { revision: own?.revision ?? 0, levels: levelsAt(system, said, site) }
  })

const shown = (
  level: SettingsView["level"],
  id: string | null,
  revision: number,
  nearestFirst: ReadonlyArray<SaidLevel>
): Effect.Effect<SettingsView, never, Effect.Effect.Context<typeof settingDefinitions>> =>
  Effect.map(settingDefinitions, (known) => ({ level, id, revision, settings: effectiveSettings(known, nearestFirst) }))

const viewOf = (user: User, scope: SettingScope) =>
  Effect.gen(function* () {
    const { levels, revision } = yield* levelsOf(user.tenantId, scope)
    return yield* shown(scope.level, scope.level === "site" ? scope.site : null, revision, levels)
  })

export const settingsAt = (scope: SettingScope) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    yield* checkSite(user, scope)
    return yield* viewOf(user, scope)
  })

/** Fails where cameras below would be given a model that the licence does not hold, or that nobody has unless workers are to know it. */
const checkModelSaid = ({ tenantId }: User, scope: SettingScope, patch: SettingPatch) =>
  Effect.gen(function* () {
    if (typeof patch[detectionModel.key] !== "string") return
    const { levels } = yield* levelsOf(tenantId, scope)
    const said = [patched({}, patch), ...levels.map(({ values }) => values)]
    const model = valueOf(detectionModel, said)
    if (model === anyModel) return
    if (valueOf(detectionPlacement, said) !== "queue") yield* findModel(tenantId, model)
    // The system's settings are for other tenants as well: each one's licence is asked where its cameras run.
    if (scope.level !== "system") yield* (yield* ModelLibrary).permit(tenantId, model)
  })

export const changeSettings = (scope: SettingScope, patch: SettingPatch, expectedRevision?: number) =>
  Effect.gen(function* () {
    const user = yield* authorizeChange(scope)
    yield* checkSite(user, scope)
    yield* checkSettingPatch(patch)
    yield* checkModelSaid(user, scope, patch)
    yield* (yield* SettingStore).change(user.tenantId, scope, patch, expectedRevision)
    yield* (yield* Settings).renew(scope.level === "system" ? "everybody" : user.tenantId)
    return yield* viewOf(user, scope)
  }).pipe(inCallersName)

export const settingsOfCamera = (id: CameraId) =>
  Effect.gen(function* () {
    const camera = yield* getCamera(id)
    const above = yield* (yield* Settings).above(camera.tenantId, camera.placeId)
    return yield* shown("camera", id, camera.revision, [cameraLevel(camera), ...above])
  })

export const changeSettingsOfCamera = (id: CameraId, patch: SettingPatch, expectedRevision?: number) =>
  Effect.gen(function* () {
    yield* authorize("supervisor")
    const camera = yield* getCamera(id)
    yield* configureCamera(id, cameraPatchOf(camera, patch), expectedRevision ?? camera.revision)
    return yield* settingsOfCamera(id)
  })

/** Every node asks the database again. */
export const refreshSettings = Effect.gen(function* () {
  const { role, tenantId } = yield* authorize("supervisor")
  const isInstaller = role === "admin" && tenantId === defaultTenant
  yield* (yield* Settings).refresh(tenantId, isInstaller ? "everybody" : tenantId)
})
