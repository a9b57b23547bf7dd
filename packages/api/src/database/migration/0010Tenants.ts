import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const tenants: Migration = {
  id: 10,
  name: "tenants and licences",
  statements: [
    // The row of a removed tenant stays, for its audit trail; it is purged when nothing else is left of it.
    `alter table tenants
       add column suspended_at timestamptz,
       add column removed_at timestamptz,
       add column purged_at timestamptz,
       add check (removed_at is null or suspended_at is not null),
       add check (purged_at is null or removed_at is not null)`,
    `create unique index tenants_name on tenants (lower(name)) where removed_at is null`,

    // From within a tenant neither a tenant is made or removed, nor what the operator says of it is changed.
    `revoke insert, delete on tenants from vigil_tenant`,
    `create function tenants_are_the_operators() returns trigger language plpgsql as $$
     begin
       if current_user = 'vigil_tenant' then
         raise exception 'what a tenant is called and whether it is served is for the operator of the installation'
           using errcode = 'insufficient_privilege';
       end if;
       return new;
     end $$`,
    `create trigger operators before update of id, name, suspended_at, removed_at, purged_at on tenants
       for each row execute function tenants_are_the_operators()`,

    // A tenant without one may use everything.
    `create table licences (
       tenant_id uuid primary key references tenants (id),
       cameras integer check (cameras >= 0),
       valid_from timestamptz,
       valid_until timestamptz,
       models text[]
     )`,
    ...isolated("licences", "tenant_id", "select"),
    // Nobody enlarges a licence from within the tenant.
    `grant insert, update, delete on licences to vigil_system`
  ]
}
