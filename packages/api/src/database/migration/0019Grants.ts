import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

const userInCharge = "nullif(current_setting('vigil.user', true), '')::uuid"

/**
 * A function that policies ask about the user whom a statement is run for. It runs as a role that sees all rows: else the policy of places would
 * ask itself.
 */
const asked = (name: string, returns: string, body: string): ReadonlyArray<string> => [
  `create function ${name}() returns ${returns} language plpgsql stable security definer set search_path = public, pg_temp as $$
   begin return (${body}); end $$`,
  `alter function ${name}() owner to vigil_system`,
  `revoke execute on function ${name}() from public`,
  `grant execute on function ${name}() to vigil_tenant`
]

const within = (table: string, condition: string): string =>
  `create policy within_reach on ${table} as restrictive to vigil_tenant
     using ((select not reach_is_limited()) or ${condition}) with check ((select not reach_is_limited()) or ${condition})`

export const grants: Migration = {
  id: 19,
  name: "grants",
  statements: [
    // A place that somebody is limited to stays: without it that user would see everything.
    `create table user_grants (
       user_id uuid not null references users (id) on delete cascade,
       tenant_id uuid not null references tenants (id),
       place_id uuid,
       group_name text,
       granted_at timestamptz not null default now(),
       check (num_nonnulls(place_id, group_name) = 1),
       unique nulls not distinct (user_id, place_id, group_name),
       foreign key (tenant_id, place_id) references places (tenant_id, id)
     )`,
    `create index user_grants_place on user_grants (tenant_id, place_id)`,
    ...isolated("user_grants"),

    // Whoever owns a function must be able to make it, at that moment.
    `grant create on schema public to vigil_system`,
    ...asked(
      "reach_is_limited",
      "boolean",
      `${userInCharge} is not null and exists (select from user_grants g join users u on u.id = g.user_id
         where g.user_id = ${userInCharge} and u.role <> 'admin')`
    ),
    ...asked(
      "reachable_places",
      "uuid[]",
      `with recursive within as (
         select place_id as id from user_grants where user_id = ${userInCharge} and place_id is not null
         union select p.id from places p join within w on p.parent_id = w.id
       ) select coalesce(array_agg(id), '{}') from within`
    ),
    ...asked(
      "reachable_groups",
      "text[]",
      `select coalesce(array_agg(group_name), '{}') from user_grants
         where user_id = ${userInCharge} and group_name is not null`
    ),
    `revoke create on schema public from vigil_system`,

    // What is added to a place in reach is in reach; the functions do not see it yet.
    within("places", "id = any ((select reachable_places())::uuid[]) or parent_id = any ((select reachable_places())::uuid[])"),
    within(
      "cameras",
      "place_id = any ((select reachable_places())::uuid[]) or configuration -> 'groups' ?| (select reachable_groups())"
    ),
    within("events", "camera_id in (select id from cameras)"),
    within("camera_runtime", "camera_id in (select id from cameras)")
  ]
}
