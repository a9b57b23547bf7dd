import type { SqlClient } from "@effect/sql/SqlClient"
import type { AuditChange } from "@vigil/core/AuditEntry"
import { defaultTenant, type TenantId } from "@vigil/core/Ids"
import { Effect } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"

/** What the operator did to a tenant is told in its trail, and then in the installation's own: in this order always, so that two do not wait for each other. */
export const writeInstallationAudit = (sql: SqlClient, tenant: TenantId, change: AuditChange) =>
  Effect.zipRight(
    writeAudit(sql, tenant, change),
    tenant === defaultTenant ? Effect.void : writeAudit(sql, defaultTenant, change)
  )
