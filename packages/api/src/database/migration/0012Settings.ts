import { defaultTenant } from "@vigil/core/Ids"
import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

/** Values of the camera's form that are not what everybody has are the camera's own. */
const own = `select coalesce(jsonb_object_agg(key, value), '{}') from (values
    ('segment.duration', configuration #> '{segment,duration}', '5'::jsonb),
    ('segment.overlap', configuration #> '{segment,overlap}', '0'),
    ('detection.model', configuration #> '{detection,model}', '"auto"'),
    ('detection.framesPerSecond', configuration #> '{detection,framesPerSecond}', '5'),
    ('detection.gate', configuration #> '{detection,gate}', '"motion"'),
    ('detection.placement', configuration #> '{detection,placement}', '"local"')
  ) as form (key, value, usual) where value is not null and value <> usual`

export const settings: Migration = {
  id: 12,
  name: "settings of the system, tenants and sites",
  statements: [
    // What everybody inherits is kept with the tenant that the installation itself belongs to, where other tenants do not see it.
    `create table settings (
       tenant_id uuid not null references tenants (id),
       level text not null check (level in ('system', 'tenant', 'site')),
       site_id uuid,
       said jsonb not null,
       revision integer not null check (revision > 0),
       updated_at timestamptz not null,
       check ((level = 'site') = (site_id is not null)),
       check (level <> 'system' or tenant_id = '${defaultTenant}'),
       unique nulls not distinct (tenant_id, level, site_id),
       foreign key (tenant_id, site_id) references places (tenant_id, id) on delete cascade
     )`,
    ...isolated("settings"),
    // What the cameras of an edge inherit, in the edge's own database.
    `alter table edge_home add column settings jsonb`,
    `update cameras set configuration = configuration || jsonb_build_object('settings', (${own}))`
  ]
}
