import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const models: Migration = {
  id: 14,
  name: "models of tenants",
  statements: [
    `create table model_versions (
       tenant_id uuid not null references tenants (id),
       model text not null,
       version text not null,
       state text not null check (state in ('uploading', 'ready', 'quarantined')),
       active boolean not null default false,
       bytes bigint not null,
       sha256 text not null,
       hints jsonb not null,
       descriptor jsonb,
       refusal jsonb,
       created_at timestamptz not null,
       checked_at timestamptz,
       changed_at timestamptz not null default now(),
       primary key (tenant_id, model, version),
       check (not active or state = 'ready'),
       check ((state = 'ready') = (descriptor is not null))
     )`,
    `create unique index one_active_version on model_versions (tenant_id, model) where active`,
    ...isolated("model_versions"),

    // Compressing weights again is in vain.
    `create table model_parts (
       tenant_id uuid not null,
       model text not null,
       version text not null,
       part integer not null,
       data bytea not null,
       primary key (tenant_id, model, version, part),
       foreign key (tenant_id, model, version) references model_versions (tenant_id, model, version) on delete cascade
     )`,
    `alter table model_parts alter column data set storage external`,
    ...isolated("model_parts")
  ]
}
