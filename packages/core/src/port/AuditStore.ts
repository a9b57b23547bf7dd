import { Context } from "effect"
import type { Effect } from "effect"
import type { AuditAction, AuditChange, AuditEntry, AuditPage, AuditQuery } from "../AuditEntry.js"
import type { AuditMark, AuditVerification } from "../AuditVerification.js"
import type { TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/**
 * The audit trail of each tenant: who did what, when and from where. Entries can be added and read, nothing else. A database's stores of
 * cameras, events, users and sessions add the entry of a change in the transaction of the change: both are there, or none.
 */
export class AuditStore extends Context.Tag("@vigil/core/AuditStore")<
  AuditStore,
  {
    /** Adds what was done by the {@link ChangeAuthor} of the context, for what changes nothing else. */
    readonly append: (tenant: TenantId, change: AuditChange) => Effect.Effect<AuditEntry, StoreUnavailable>
    /** Of `among` only, where that is given. */
    readonly query: (
      tenant: TenantId,
      query: AuditQuery,
      among?: ReadonlyArray<AuditAction>
    ) => Effect.Effect<AuditPage, StoreUnavailable>
    /** Follows the chain of hashes from the first entry to the last, and looks whether the entry of `noted` has the hash that it had. */
    readonly verify: (tenant: TenantId, noted?: AuditMark) => Effect.Effect<AuditVerification, StoreUnavailable>
  }
>() {}
