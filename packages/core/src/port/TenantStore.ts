import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { TenantId } from "../Ids.js"
import type { Licence } from "../Licence.js"
import type { Tenant, TenantPatch } from "../Tenant.js"
import type { StoreUnavailable } from "./StoreError.js"
import type { NewUser, UsernameTaken } from "./UserStore.js"

export class TenantNotFound extends Schema.TaggedError<TenantNotFound>()("TenantNotFound", { tenantId: TenantId }) {
  override get message() {
    return `there is no tenant ${this.tenantId}`
  }
}

/**
 * `name-taken` by another tenant, `own`: the installation's own tenant is neither suspended nor removed, `active`: only a tenant that is suspended
 * is removed.
 */
export class TenantRefused extends Schema.TaggedError<TenantRefused>()("TenantRefused", {
  reason: Schema.Literal("name-taken", "own", "active"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** A tenant begins with an administrator, who adds the others. */
export interface NewTenant {
  readonly name: string
  readonly administrator: Omit<NewUser, "role">
  readonly licence: Licence
}

/** The tenants of the installation, by name. */
export class TenantStore extends Context.Tag("@vigil/core/TenantStore")<
  TenantStore,
  {
    readonly all: Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
    /** Only this one, in a list; empty where there is none. */
    readonly own: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
    /** Both the tenant and its administrator, or none. */
    readonly create: (tenant: NewTenant) => Effect.Effect<Tenant, TenantRefused | UsernameTaken | StoreUnavailable>
    readonly change: (
      tenant: TenantId,
      patch: TenantPatch
    ) => Effect.Effect<Tenant, TenantNotFound | TenantRefused | StoreUnavailable>
    /** From now on it is not there; {@link purge} then deletes what it had. */
    readonly remove: (tenant: TenantId) => Effect.Effect<void, TenantNotFound | TenantRefused | StoreUnavailable>
    /** Deletes all rows of tenants that were removed, but for their audit trails; answers how many. */
    readonly purge: Effect.Effect<number, StoreUnavailable>
    /** Of these ids, those that are of another tenant's things, and what they are of. */
    readonly foreign: (
      tenant: TenantId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<{ readonly id: string; readonly table: string }>, StoreUnavailable>
  }
>() {}
