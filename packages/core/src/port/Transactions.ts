import { Context } from "effect"
import type { Effect } from "effect"
import type { TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/**
 * Several changes of a tenant at once, each by its own store: all of them are written, or none. What is remembered of them must be
 * forgotten again afterwards: whoever reads meanwhile reads what was before.
 */
export class Transactions extends Context.Tag("@vigil/core/Transactions")<
  Transactions,
  {
    readonly together: <A, E, R>(tenant: TenantId, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreUnavailable, R>
  }
>() {}
