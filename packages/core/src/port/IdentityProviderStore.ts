import { Context, Schema } from "effect"
import type { DateTime, Effect, Option, Redacted } from "effect"
import {
  type Admission,
  type AdmissionRefused,
  type IdentityProvider,
  IdentityProviderId,
  type IdentityProviderPatch,
  type NewIdentityProvider,
  type ProviderButton
} from "../IdentityProvider.js"
import type { TenantId } from "../Ids.js"
import type { User } from "../User.js"
import type { StoreUnavailable } from "./StoreError.js"

export class IdentityProviderNotFound extends Schema.TaggedError<IdentityProviderNotFound>()("IdentityProviderNotFound", {
  providerId: IdentityProviderId
}) {
  override get message() {
    return `there is no identity provider ${this.providerId}`
  }
}

/** Names in addresses are unique in the whole installation. */
export class ProviderSlugTaken extends Schema.TaggedError<ProviderSlugTaken>()("ProviderSlugTaken", { slug: Schema.String }) {
  override get message() {
    return `the name ${this.slug} is another identity provider's`
  }
}

/** A provider, and what Vigil proves to it who it is with. */
export interface ProviderAccess {
  readonly provider: IdentityProvider
  readonly clientSecret: Option.Option<Redacted.Redacted>
}

/** What was begun with a provider and waits for the browser to come back. */
export interface SignInAttempt {
  readonly providerId: IdentityProviderId
  readonly tenantId: TenantId
  /** SHA-256 of what only the browser that began it has. */
  readonly browserHash: Uint8Array
  readonly nonce: string
  readonly codeVerifier: string
  /** The page to go to afterwards. */
  readonly destination: string
  readonly expiresAt: DateTime.Utc
}

/** The tenants' identity providers, who came in through them, and who is on the way. */
export class IdentityProviderStore extends Context.Tag("@vigil/core/IdentityProviderStore")<
  IdentityProviderStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<IdentityProvider>, StoreUnavailable>
    readonly get: (
      tenant: TenantId,
      id: IdentityProviderId
    ) => Effect.Effect<IdentityProvider, IdentityProviderNotFound | StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      provider: NewIdentityProvider
    ) => Effect.Effect<IdentityProvider, ProviderSlugTaken | StoreUnavailable>
    /** One that is not enabled any more ends the sessions of those who came in through it. */
    readonly change: (
      tenant: TenantId,
      id: IdentityProviderId,
      patch: IdentityProviderPatch
    ) => Effect.Effect<IdentityProvider, IdentityProviderNotFound | ProviderSlugTaken | StoreUnavailable>
    /** Ends the sessions of those who came in through it; they keep their accounts, without this way in. */
    readonly remove: (
      tenant: TenantId,
      id: IdentityProviderId
    ) => Effect.Effect<void, IdentityProviderNotFound | StoreUnavailable>
    /** Enabled ones that everybody may see, and the one that is named. Over all tenants. */
    readonly buttons: (slug: Option.Option<string>) => Effect.Effect<ReadonlyArray<ProviderButton>, StoreUnavailable>
    /** An enabled one. Over all tenants. */
    readonly access: (slug: string) => Effect.Effect<Option.Option<ProviderAccess>, StoreUnavailable>
    readonly accessById: (
      tenant: TenantId,
      id: IdentityProviderId
    ) => Effect.Effect<ProviderAccess, IdentityProviderNotFound | StoreUnavailable>
    readonly begin: (stateHash: Uint8Array, attempt: SignInAttempt) => Effect.Effect<void, StoreUnavailable>
    /** Uses the attempt up; none where there is no such, or it is over. */
    readonly take: (stateHash: Uint8Array) => Effect.Effect<Option.Option<SignInAttempt>, StoreUnavailable>
    /**
     * The user that somebody is: the one who came before as the same subject, else one who is linked or made as the provider's
     * settings say. Takes the role over, but that the tenant keeps its last administrator.
     */
    readonly admit: (provider: IdentityProvider, admission: Admission) => Effect.Effect<User, AdmissionRefused | StoreUnavailable>
  }
>() {}
