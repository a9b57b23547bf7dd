/** Makes a table visible to `vigil_tenant` within its tenant only, and to `vigil_system` in whole. `rights` is what both may do. */
export const isolated = (
  table: string,
  tenantColumn = "tenant_id",
  rights = "select, insert, update, delete"
): ReadonlyArray<string> => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  `create policy within_tenant on ${table} to vigil_tenant
     using (${tenantColumn} = nullif(current_setting('vigil.tenant', true), '')::uuid)
     with check (${tenantColumn} = nullif(current_setting('vigil.tenant', true), '')::uuid)`,
  `create policy everywhere on ${table} to vigil_system using (true) with check (true)`,
  `grant ${rights} on ${table} to vigil_tenant, vigil_system`
]
