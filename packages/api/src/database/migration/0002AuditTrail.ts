import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const auditTrail: Migration = {
  id: 2,
  name: "audit trail",
  statements: [
    // Counts the tenant's entries: whoever adds one holds the tenant's row until its transaction ends, so there are no gaps.
    `alter table tenants add column audit_sequence bigint not null default 0`,
    `create table audit_entries (
       tenant_id uuid not null references tenants (id),
       sequence bigint not null check (sequence > 0),
       at timestamptz not null,
       actor_id uuid,
       actor_name text not null,
       address text,
       action text not null,
       subject_type text not null,
       subject_id text not null,
       old_values jsonb,
       new_values jsonb,
       primary key (tenant_id, sequence)
     )`,
    `create index audit_entries_time on audit_entries (tenant_id, at)`,
    `create index audit_entries_subject on audit_entries (tenant_id, subject_id)`,
    ...isolated("audit_entries", "tenant_id", "select, insert")
  ]
}
