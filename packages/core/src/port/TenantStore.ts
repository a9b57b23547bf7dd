import { Context } from "effect"
import type { Effect } from "effect"
import type { TenantId } from "../Ids.js"
import type { Tenant } from "../Tenant.js"
import type { StoreUnavailable } from "./StoreError.js"

/** The tenants of the installation, by name. */
export class TenantStore extends Context.Tag("@vigil/core/TenantStore")<
  TenantStore,
  {
    readonly all: Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
    /** Only this one, in a list; empty where there is none. */
    readonly own: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Tenant>, StoreUnavailable>
  }
>() {}
