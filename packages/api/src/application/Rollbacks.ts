/**
 * How each type of object goes back to a version: by the operation that changes it by hand, so that whoever may make the change may go back to it, and
 * everything holds that holds for a change.
 *
 * @module
 */
import { lacksSecrets } from "@vigil/core/AddressSecrets"
import { Camera, CameraPatch, NewCamera } from "@vigil/core/Camera"
import { ProfileChange } from "@vigil/core/Account"
import { authorize } from "@vigil/core/control/Authorization"
import { configureCamera } from "@vigil/core/control/CameraCommands"
import { authorizeMasks } from "@vigil/core/control/MaskRights"
import { Grants } from "@vigil/core/Grants"
import { IdentityProviderId, IdentityProviderPatch } from "@vigil/core/IdentityProvider"
import { CameraId, defaultTenant, ModelId, PlaceId, TenantId, UserId } from "@vigil/core/Ids"
import { Licence } from "@vigil/core/Licence"
import { VersionName } from "@vigil/core/ModelVersion"
import { VersionNotFound } from "@vigil/core/ObjectHistory"
import { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { NewPlace, PlacePatch } from "@vigil/core/Place"
import { RollbackRefused } from "@vigil/core/Rollback"
import { SignInPolicy } from "@vigil/core/SecondFactor"
import { scopeOfSubject, settingsSubject } from "@vigil/core/settings/SettingLevels"
import { SettingPatch } from "@vigil/core/settings/SettingValues"
import { SourceError } from "@vigil/core/Source"
import { TenantPatch } from "@vigil/core/Tenant"
import { User } from "@vigil/core/User"
import type { VersionedType } from "@vigil/core/VersionedType"
import { Effect, Schema } from "effect"
import { setPasswordPolicy } from "./AccountOperations.js"
import { restoreCamera } from "./CameraOperations.js"
import { changeProvider } from "./IdentityProviderOperations.js"
import { activateModelVersion, deactivateModel } from "./ModelOperations.js"
import { changePlace, restorePlace } from "./PlaceOperations.js"
import { type Back, by, type Fields, refused, way } from "./RollbackWay.js"
import { authorizeChange, changeSettings } from "./SettingOperations.js"
import { setSignInPolicy } from "./SignInOperations.js"
import { authorizeOperator, changeTenant, setLicence } from "./TenantOperations.js"
import { configureUser } from "./UserOperations.js"

/** A camera keeps the secrets of its address; those of other addresses are kept nowhere. */
const refuseLostSecrets =
  (instead: string) =>
  <A, E, R>(change: Effect.Effect<A, E, R>) =>
    Effect.mapError(change, (error) =>
      error instanceof SourceError && lacksSecrets(error.url)
        ? new RollbackRefused({
            reason: "secret",
            detail: `the address of that revision had a secret in it, which is kept nowhere: ${instead}`
          })
        : error
    )

const settingScope = (id: string) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* Effect.mapError(
      scopeOfSubject(tenantId, id),
      () => new VersionNotFound({ type: "settings", id, revision: null })
    )
  })

/** What was not said then is said no more. */
const withNulls = (then: Fields, now: Fields): Fields => ({
  ...Object.fromEntries(Object.keys(now).map((key) => [key, null])),
  ...then
})

const UserState = Schema.Struct({
  role: Schema.optional(User.fields.role),
  disabled: Schema.optional(Schema.Boolean),
  ...ProfileChange.fields,
  places: Schema.optional(Grants.fields.places),
  groups: Schema.optional(Grants.fields.groups)
})

/** Only what changes: another role ends the user's sessions. */
const changePerson = (
  { disabled, displayName, email, groups, language, places, role }: typeof UserState.Type,
  { changed, id }: Back
) => {
  const changes = (...fields: ReadonlyArray<string>) => fields.some((field) => changed.includes(field))
  return configureUser(UserId.make(id), {
    ...(changes("role", "disabled") ? { role, disabled } : {}),
    ...(changes("displayName", "email", "language") ? { profile: { displayName, email, language } } : {}),
    ...(places !== undefined && groups !== undefined && changes("places", "groups") ? { grants: { places, groups } } : {})
  })
}

const changeCamera = by(CameraPatch, (patch, { credentials, id, revision }) =>
  configureCamera(CameraId.make(id), { ...patch, ...(credentials === undefined ? {} : { credentials }) }, revision).pipe(
    refuseLostSecrets("change the address by hand")
  )
)

const decodeMasks = Schema.decodeUnknown(Schema.Struct({ masks: Camera.fields.masks }))

/** With the masks that it had last, or by an administrator. */
const authorizeLastMasks = (last: Fields, { masks = [] }: NewCamera) =>
  decodeMasks(last).pipe(
    Effect.mapError(({ message }) => new RollbackRefused({ reason: "fit", detail: `its last masks cannot be read: ${message}` })),
    Effect.flatMap((before) => authorizeMasks(before.masks, masks))
  )

const bringCameraBack = by(NewCamera, (camera, { credentials, id, last, revision }) =>
  Effect.zipRight(
    authorizeLastMasks(last, camera),
    restoreCamera(
      { id: CameraId.make(id), revision: revision + 1 },
      { ...camera, ...(credentials === undefined || credentials === null ? {} : { credentials }) }
    )
  ).pipe(refuseLostSecrets("add the camera anew"))
)

const changeSettingsOf = by(SettingPatch, (patch, { id, revision }) =>
  Effect.flatMap(settingScope(id), (scope) => changeSettings(scope, patch, revision))
)

const activate = by(Schema.Struct({ version: Schema.NullOr(VersionName) }), ({ version }, { id }) =>
  version === null ? deactivateModel(ModelId.make(id)) : activateModelVersion(ModelId.make(id), version)
)

const systemSettings = settingsSubject(defaultTenant, { level: "system" })

const supervisor = authorize("supervisor")
const admin = authorize("admin")

const stays = refused("removed", "this is never removed")
const gone = (what: string, instead: string) => refused("removed", `${what} went with it: ${instead}`)

const secret = (what: string, instead: string) => {
  const nowhere = refused("secret", `${what} kept nowhere: ${instead}`)
  return way("", admin, nowhere, nowhere)
}

/** The way back of each type. */
export const rollbacks = {
  camera: way("cameras.update", supervisor, changeCamera, bringCameraBack),
  place: way(
    "places.update",
    supervisor,
    by(PlacePatch, (patch, { id, revision }) => changePlace(PlaceId.make(id), patch, revision)),
    by(NewPlace, (place, { id, revision }) => restorePlace({ id: PlaceId.make(id), revision: revision + 1 }, place))
  ),
  settings: {
    edit: (id: string) => (id === systemSettings ? "settings.changeSystem" : "settings.changeSite"),
    allowed: (id: string) => Effect.flatMap(settingScope(id), authorizeChange),
    wanted: withNulls,
    change: changeSettingsOf,
    restore: stays
  },
  user: way("users.change", admin, by(UserState, changePerson), gone("the password and the second factor", "add the user anew")),
  "identity-provider": way(
    "identityProviders.change",
    admin,
    by(IdentityProviderPatch, (patch, { id }) => changeProvider(IdentityProviderId.make(id), patch)),
    gone("the client secret and who came in through it", "add the provider anew")
  ),
  "sign-in-policy": way(
    "signInPolicy.set",
    admin,
    by(SignInPolicy, (policy) => setSignInPolicy(policy)),
    stays
  ),
  "password-policy": way(
    "accounts.setPasswordPolicy",
    admin,
    by(PasswordPolicy, (policy) => setPasswordPolicy(policy)),
    stays
  ),
  model: way("models.activate", admin, activate, stays),
  tenant: way(
    "tenants.change",
    authorizeOperator,
    by(TenantPatch, (patch, { id }) => changeTenant(TenantId.make(id), patch)),
    gone("its people, cameras and events", "add a tenant anew")
  ),
  licence: way(
    "tenants.setLicence",
    authorizeOperator,
    by(Licence, (licence, { id }) => setLicence(TenantId.make(id), licence)),
    stays
  ),
  edge: secret("an edge's token is", "renew it, or add the edge anew"),
  "worker-token": secret("a worker's token is", "make another one"),
  "api-key": secret("an API key is", "make another one"),
  "signing-key": secret("a signing key that was replaced is", "have another one made; who signed in signs in again"),
  "master-key": secret("a master key that was replaced is", "rotate to another one")
} satisfies Readonly<Record<VersionedType, unknown>>
