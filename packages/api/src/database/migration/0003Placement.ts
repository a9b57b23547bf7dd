import type { Migration } from "../Migration.js"

/** Not a tenant's: only the nodes themselves see these tables. */
export const placement: Migration = {
  id: 3,
  name: "placement",
  statements: [
    `create table placement_overrides (
       cluster text not null,
       camera_id uuid not null references cameras (id) on delete cascade,
       node text not null,
       moves integer not null check (moves >= 0),
       moved_at timestamptz not null,
       primary key (cluster, camera_id)
     )`,
    `create index placement_overrides_camera on placement_overrides (camera_id)`,
    `create table placement_refusals (
       cluster text not null,
       camera_id uuid not null references cameras (id) on delete cascade,
       node text not null,
       reason text not null,
       at timestamptz not null,
       primary key (cluster, camera_id, node)
     )`,
    `create index placement_refusals_camera on placement_refusals (camera_id)`,
    `grant select, insert, update, delete on placement_overrides, placement_refusals to vigil_system`
  ]
}
