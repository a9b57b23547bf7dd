import { Context, Schema } from "effect"
import type { Effect, Option } from "effect"
import { type ApiKey, ApiKeyId, type NewApiKey } from "../ApiKey.js"
import type { TenantId, UserId } from "../Ids.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"
import type { UserNotFound } from "./UserStore.js"

export class ApiKeyNotFound extends Schema.TaggedError<ApiKeyNotFound>()("ApiKeyNotFound", { id: ApiKeyId }) {
  override get message() {
    return `there is no API key ${this.id}`
  }
}

/** A key that is valid now, and its owner as the owner is now. */
export interface ActiveApiKey {
  readonly key: ApiKey
  readonly owner: User
}

/** The API keys of all tenants, of which only the hashes are kept. A key ends with its owner. */
export class ApiKeyStore extends Context.Tag("@vigil/core/ApiKeyStore")<
  ApiKeyStore,
  {
    /** One owner's, or all of the tenant's. */
    readonly list: (tenant: TenantId, owner: Option.Option<UserId>) => Effect.Effect<ReadonlyArray<ApiKey>, StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      owner: UserId,
      key: Pick<NewApiKey, "name" | "scopes" | "expiresAt"> & { readonly hint: string; readonly keyHash: Uint8Array }
    ) => Effect.Effect<ApiKey, UserNotFound | StoreUnavailable>
    /** With an owner, only if the key is that owner's. */
    readonly remove: (
      tenant: TenantId,
      id: ApiKeyId,
      owner: Option.Option<UserId>
    ) => Effect.Effect<void, ApiKeyNotFound | StoreUnavailable>
    /** Asked before anybody is known, so it looks at all tenants; keys that are over are not found. */
    readonly find: (keyHash: Uint8Array) => Effect.Effect<Option.Option<ActiveApiKey>, StoreUnavailable>
    /** Notes that the key is in use. */
    readonly noteUse: (id: ApiKeyId) => Effect.Effect<void, StoreUnavailable>
  }
>() {}
