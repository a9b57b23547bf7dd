import { Context } from "effect"
import type { Effect } from "effect"
import type { TenantId } from "../Ids.js"
import type { PasswordPolicy } from "../PasswordPolicy.js"
import type { ChangedMeanwhile, Expected } from "./Expected.js"
import type { StoreUnavailable } from "./StoreError.js"

/** The tenants' rules for passwords and locks. */
export class PasswordPolicyStore extends Context.Tag("@vigil/core/PasswordPolicyStore")<
  PasswordPolicyStore,
  {
    /** The default where the tenant has none of its own. */
    readonly get: (tenant: TenantId) => Effect.Effect<PasswordPolicy, StoreUnavailable>
    readonly set: (
      tenant: TenantId,
      policy: PasswordPolicy,
      expected?: Expected<PasswordPolicy>
    ) => Effect.Effect<PasswordPolicy, ChangedMeanwhile | StoreUnavailable>
  }
>() {}
