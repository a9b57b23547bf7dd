import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { TenantId } from "../Ids.js"
import type { Tenant } from "../Tenant.js"
import type { StoreUnavailable } from "./StoreError.js"

export class TenantNotFound extends Schema.TaggedError<TenantNotFound>()("TenantNotFound", { tenantId: TenantId }) {
  override get message() {
    return `there is no tenant ${this.tenantId}`
  }
}

/** The tenants of the installation, by name. */
export class TenantStore extends Context.Tag("@vigil/core/TenantStore")<
  TenantStore,
  {
    readonly all: Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
    /** Only this one, in a list; empty where there is none. */
    readonly own: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
  }
>() {}
