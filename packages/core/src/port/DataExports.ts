import { Context } from "effect"
import type { Stream } from "effect"
import type { TenantId, UserId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Some of what is kept in one table. */
export interface ExportPage {
  readonly table: string
  /** One JSON object each. */
  readonly rows: ReadonlyArray<string>
}

/**
 * What is kept of a tenant, or of one of its users, table by table; no page is longer than some thousand rows. Secrets, and what proves them, are left out: passwords, tokens, keys,
 * credentials of cameras.
 */
export class DataExports extends Context.Tag("@vigil/core/DataExports")<
  DataExports,
  {
    readonly ofTenant: (tenant: TenantId) => Stream.Stream<ExportPage, StoreUnavailable>
    /** The account, its sign-ins and keys, and what the user did and what was done to the account. */
    readonly ofUser: (tenant: TenantId, user: UserId) => Stream.Stream<ExportPage, StoreUnavailable>
  }
>() {}
