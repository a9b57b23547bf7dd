import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const places: Migration = {
  id: 11,
  name: "places, and lists of cameras",
  statements: [
    `create table places (
       id uuid primary key,
       tenant_id uuid not null references tenants (id),
       kind text not null check (kind in ('site', 'building', 'floor', 'zone')),
       name text not null,
       parent_id uuid,
       created_at timestamptz not null,
       check ((kind = 'site') = (parent_id is null)),
       unique (tenant_id, id),
       foreign key (tenant_id, parent_id) references places (tenant_id, id),
       unique nulls not distinct (tenant_id, parent_id, name)
     )`,
    ...isolated("places"),

    // Sorted by code points, as the program sorts; the cameras of an edge's own database are in places that only the centre knows.
    `alter table cameras
       add column sort_name text collate "C" generated always as (lower(name)) stored,
       add column place_id uuid generated always as ((configuration ->> 'placeId')::uuid) stored`,
    `create index cameras_by_name on cameras (tenant_id, sort_name, id)`,
    `create index cameras_by_creation on cameras (tenant_id, created_at, id)`,
    `create index cameras_by_change on cameras (tenant_id, updated_at, id)`,
    `create index cameras_by_place on cameras (tenant_id, place_id)`
  ]
}
