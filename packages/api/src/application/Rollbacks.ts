/**
 * How each type of object goes back to a version: by the operation that changes it by hand, so that whoever may make the change may go back to it, and
 * everything holds that holds for a change.
 *
 * @module
 */
import { CameraPatch, NewCamera } from "@vigil/core/Camera"
import { ProfileChange } from "@vigil/core/Account"
import { authorize } from "@vigil/core/control/Authorization"
import { configureCamera } from "@vigil/core/control/CameraCommands"
import { Grants } from "@vigil/core/Grants"
import { IdentityProviderId, IdentityProviderPatch } from "@vigil/core/IdentityProvider"
import { CameraId, ModelId, PlaceId, TenantId, UserId } from "@vigil/core/Ids"
import { Licence } from "@vigil/core/Licence"
import { VersionName } from "@vigil/core/ModelVersion"
import { VersionNotFound } from "@vigil/core/ObjectHistory"
import { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { NewPlace, PlacePatch } from "@vigil/core/Place"
import { RollbackRefused } from "@vigil/core/Rollback"
import { SignInPolicy } from "@vigil/core/SecondFactor"
import { scopeOfSubject } from "@vigil/core/settings/SettingLevels"
import { SettingPatch } from "@vigil/core/settings/SettingValues"
import { type Credentials, SourceError } from "@vigil/core/Source"
import { TenantPatch } from "@vigil/core/Tenant"
import { User } from "@vigil/core/User"
import type { VersionedType } from "@vigil/core/VersionedType"
import { Effect, Schema } from "effect"
import { setPasswordPolicy } from "./AccountOperations.js"
import { restoreCamera } from "./CameraOperations.js"
import { changeProvider } from "./IdentityProviderOperations.js"
import { activateModelVersion, deactivateModel } from "./ModelOperations.js"
import { changePlace, restorePlace } from "./PlaceOperations.js"
import { authorizeChange, changeSettings } from "./SettingOperations.js"
import { setSignInPolicy } from "./SignInOperations.js"
import { changeTenant, authorizeOperator, setLicence } from "./TenantOperations.js"
import { configureUser } from "./UserOperations.js"

type Fields = Readonly<Record<string, unknown>>

/** An object that goes back. */
interface Back {
  readonly id: string
  /** What it is at now. */
  readonly revision: number
  /** The names of the fields that change. */
  readonly changed: ReadonlyArray<string>
  readonly credentials: Credentials | null | undefined
}

/** Applies what a version says, as far as the schema knows it. */
const by = <A, I extends object, E, R>(
  schema: Schema.Schema<A, I>,
  apply: (back: Back, state: A) => Effect.Effect<unknown, E, R>
) => {
  const decode = Schema.decodeUnknown(schema)
  const encode = Schema.encodeSync(schema)
  const read = (values: Fields) =>
    Effect.mapError(
      decode(values),
      ({ message }) =>
        new RollbackRefused({ reason: "fit", detail: `what was configured then is not valid any more: ${message}` })
    )
  return {
    /** The fields that hold again, as the audit trail has them. */
    fields: (values: Fields) => Effect.map(read(values), (state): Fields => Object.fromEntries(Object.entries(encode(state)))),
    apply: (back: Back, values: Fields) => Effect.flatMap(read(values), (state) => apply(back, state))
  }
}

/** There is no way back, and this is what to do in place of it. */
const refused = (reason: RollbackRefused["reason"], detail: string) => {
  const refusal = Effect.fail(new RollbackRefused({ reason, detail }))
  return { fields: () => refusal, apply: () => refusal }
}

const never = (what: string, instead: string) => {
  const step = refused("secret", `${what} kept nowhere: ${instead}`)
  return { edit: () => "", allowed: () => authorize("admin"), from: same, change: step, restore: step }
}

const same = (then: Fields): Fields => then

/** A trail does not show what looks like a secret in an address; the address of now does not need to be in it. */
const knownUrl = (then: Fields, { url: now }: Fields): Fields => {
  const { url, ...rest } = then
  return url === now ? rest : then
}

const checkUrl = (url: string | undefined) =>
  url !== undefined && url.includes("=***")
    ? Effect.fail(
        new SourceError({
          reason: "invalid-url",
          url,
          detail: "The address of that revision had a secret in it, which is kept nowhere: change the address by hand"
        })
      )
    : Effect.void

const given = ({ credentials }: Back) => (credentials === undefined ? {} : { credentials })

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
  { changed, id }: Back,
  { disabled, displayName, email, groups, language, places, role }: typeof UserState.Type
) => {
  const changes = (...fields: ReadonlyArray<string>) => fields.some((field) => changed.includes(field))
  return configureUser(UserId.make(id), {
    ...(changes("role", "disabled") ? { role, disabled } : {}),
    ...(changes("displayName", "email", "language") ? { profile: { displayName, email, language } } : {}),
    ...(places !== undefined && groups !== undefined && changes("places", "groups") ? { grants: { places, groups } } : {})
  })
}

const goneWithIt = (what: string, instead: string) => refused("removed", `${what} went with it: ${instead}`)

const policy = <A, I extends object, E, R>(
  edit: string,
  schema: Schema.Schema<A, I>,
  set: (policy: A) => Effect.Effect<unknown, E, R>
) => {
  const change = by(schema, (_, state) => set(state))
  return { edit: () => edit, allowed: () => authorize("admin"), from: same, change, restore: change }
}

/** The ways back: `edit` is the call of `VigilApi` that makes the same change by hand, `restore` the way back of what was removed. */
export const rollbacks = {
  camera: {
    edit: () => "cameras.update",
    allowed: () => authorize("supervisor"),
    from: knownUrl,
    change: by(CameraPatch, (back, patch) =>
      Effect.zipRight(checkUrl(patch.url), configureCamera(CameraId.make(back.id), { ...patch, ...given(back) }, back.revision))
    ),
    restore: by(NewCamera, (back, camera) =>
      Effect.zipRight(
        checkUrl(camera.url),
        restoreCamera(
          { id: CameraId.make(back.id), revision: back.revision + 1 },
          { ...camera, ...(back.credentials ? { credentials: back.credentials } : {}) }
        )
      )
    )
  },
  place: {
    edit: () => "places.update",
    allowed: () => authorize("supervisor"),
    from: same,
    change: by(PlacePatch, ({ id, revision }, patch) => changePlace(PlaceId.make(id), patch, revision)),
    restore: by(NewPlace, ({ id, revision }, place) => restorePlace({ id: PlaceId.make(id), revision: revision + 1 }, place))
  },
  settings: {
    edit: (id: string) => (id.startsWith("00000000-0000-0000") ? "settings.changeSystem" : "settings.changeSite"),
    allowed: (id: string) => Effect.flatMap(settingScope(id), authorizeChange),
    from: withNulls,
    change: by(SettingPatch, ({ id, revision }, patch) =>
      Effect.flatMap(settingScope(id), (scope) => changeSettings(scope, patch, revision))
    ),
    restore: refused("removed", "settings are never removed")
  },
  user: {
    edit: () => "users.change",
    allowed: () => authorize("admin"),
    from: same,
    change: by(UserState, changePerson),
    restore: goneWithIt("the password and the second factor", "add the user anew")
  },
  "identity-provider": {
    edit: () => "identityProviders.change",
    allowed: () => authorize("admin"),
    from: same,
    change: by(IdentityProviderPatch, ({ id }, patch) => changeProvider(IdentityProviderId.make(id), patch)),
    restore: goneWithIt("the client secret and who came in through it", "add the provider anew")
  },
  "sign-in-policy": policy("signInPolicy.set", SignInPolicy, setSignInPolicy),
  "password-policy": policy("accounts.setPasswordPolicy", PasswordPolicy, setPasswordPolicy),
  model: {
    edit: () => "models.activate",
    allowed: () => authorize("admin"),
    from: same,
    change: by(Schema.Struct({ version: Schema.NullOr(VersionName) }), ({ id }, { version }) =>
      version === null ? deactivateModel(ModelId.make(id)) : activateModelVersion(ModelId.make(id), version)
    ),
    restore: refused("removed", "a model's active version is never removed")
  },
  tenant: {
    edit: () => "tenants.change",
    allowed: () => authorizeOperator,
    from: same,
    change: by(TenantPatch, ({ id }, patch) => changeTenant(TenantId.make(id), patch)),
    restore: goneWithIt("its people, cameras and events", "add a tenant anew")
  },
  licence: {
    edit: () => "tenants.setLicence",
    allowed: () => authorizeOperator,
    from: same,
    change: by(Licence, ({ id }, licence) => setLicence(TenantId.make(id), licence)),
    restore: refused("removed", "a licence is never removed")
  },
  edge: never("an edge's token is", "renew it, or add the edge anew"),
  "worker-token": never("a worker's token is", "make another one"),
  "api-key": never("an API key is", "make another one"),
  "signing-key": never("a signing key that was replaced is", "have another one made; who signed in signs in again"),
  "master-key": never("a master key that was replaced is", "rotate to another one")
} satisfies Readonly<Record<VersionedType, unknown>>
