import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const erasures: Migration = {
  id: 16,
  name: "erasures",
  statements: [
    `create table erasures (
       id uuid primary key,
       tenant_id uuid not null references tenants (id) on delete cascade,
       selection jsonb not null,
       reason text not null,
       requested_by uuid,
       requester text not null,
       requested_at timestamptz not null,
       finished_at timestamptz,
       settled_at timestamptz,
       erased jsonb not null
     )`,
    `create index erasures_newest on erasures (tenant_id, requested_at desc)`,
    `create index erasures_time on erasures (requested_at)`,
    // What is stored late is looked for every minute.
    `create index events_by_recording on events (tenant_id, recorded_at)`,
    // A report goes with its tenant only.
    ...isolated("erasures", "tenant_id", "select, insert, update"),
    `grant delete on erasures to vigil_system`
  ]
}
