import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const placeRevisions: Migration = {
  id: 20,
  name: "revisions of places, and discoveries",
  statements: [
    `alter table places add column revision integer not null default 1 check (revision > 0), add column updated_at timestamptz`,
    // Row-level security holds for the tables' owner too.
    `set local role vigil_system`,
    `update places set updated_at = created_at, revision = greatest(1, (
       select count(*) from audit_entries where subject_type = 'place' and subject_id = places.id::text
     ))`,
    `reset role`,
    `alter table places alter column revision drop default, alter column updated_at set not null`,

    // What was found is a document: it is read and written as a whole.
    `create table discoveries (
       id uuid primary key,
       tenant_id uuid not null references tenants (id) on delete cascade,
       state text not null check (state in ('running', 'done', 'cancelled', 'failed')),
       started_at timestamptz not null,
       updated_at timestamptz not null,
       document jsonb not null
     )`,
    `create index discoveries_of_tenant on discoveries (tenant_id, started_at desc)`,
    ...isolated("discoveries")
  ]
}
