import type { Migration } from "../Migration.js"

export const placeRevisions: Migration = {
  id: 20,
  name: "revisions of places",
  statements: [
    `alter table places add column revision integer not null default 1 check (revision > 0), add column updated_at timestamptz`,
    // Row-level security holds for the tables' owner too.
    `set local role vigil_system`,
    `update places set updated_at = created_at, revision = greatest(1, (
       select count(*) from audit_entries where subject_type = 'place' and subject_id = places.id::text
     ))`,
    `reset role`,
    `alter table places alter column revision drop default, alter column updated_at set not null`
  ]
}
