import type { VersionedType } from "@vigil/core/VersionedType"
import { settingsSubject } from "@vigil/core/settings/SettingLevels"
import { Effect } from "effect"
import { cameraNamed } from "../camera/CameraReference.js"
import { providerNamed } from "../user/IdentityProviderReference.js"
import { overRpc } from "../operator/Server.js"
import { placeNamed } from "../PlaceReference.js"
import { tenantNamed } from "../tenant/TenantReference.js"
import { userNamed } from "../user/UserReference.js"

/** What the history knows an object by. */
export interface ObjectName {
  readonly type: VersionedType
  readonly id: string
}

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

const ownTenant = Effect.map(
  overRpc((rpc) => rpc.WhoAmI()),
  ({ tenantId }) => tenantId
)

const settingsNamed = (text: string) => {
  if (text === "system" || text === "tenant") return Effect.map(ownTenant, (tenant) => settingsSubject(tenant, { level: text }))
  return Effect.map(placeNamed(text), ({ place }) => place.id)
}

/** The id by which the history has what people call so; what was removed is known by its id alone. */
const idOf = (type: VersionedType, text: string) => {
  if (isId(text)) return Effect.succeed(text.toLowerCase())
  switch (type) {
    case "camera":
      return Effect.map(cameraNamed(text), ({ id }) => id)
    case "place":
      return Effect.map(placeNamed(text), ({ place }) => place.id)
    case "settings":
      return settingsNamed(text)
    case "user":
      return Effect.map(userNamed(text), ({ id }) => id)
    case "identity-provider":
      return Effect.map(providerNamed(text), ({ id }) => id)
    case "tenant":
    case "licence":
      return Effect.map(tenantNamed(text), ({ id }) => id)
    case "sign-in-policy":
    case "password-policy":
      return text === "tenant" ? ownTenant : Effect.map(tenantNamed(text), ({ id }) => id)
    default:
      return Effect.succeed(text)
  }
}

/** The object that is meant. */
export const objectNamed = (type: VersionedType, text: string) => Effect.map(idOf(type, text), (id): ObjectName => ({ type, id }))
