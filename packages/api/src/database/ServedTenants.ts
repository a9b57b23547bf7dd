import type { SqlClient } from "@effect/sql/SqlClient"

/**
 * A condition on rows of tenants, of `table` where several have a `tenant_id`: their tenant is neither suspended nor removed. Whoever looks up credentials, or
 * what is to run, sees no others.
 */
export const isServed = (sql: SqlClient, table?: string) =>
  sql`${sql(table === undefined ? "tenant_id" : `${table}.tenant_id`)} in (select id from tenants where suspended_at is null)`
