import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const edges: Migration = {
  id: 8,
  name: "edges",
  statements: [
    `create table edges (
       id uuid primary key,
       tenant_id uuid not null references tenants (id),
       name text not null,
       token_hash bytea not null unique,
       created_at timestamptz not null,
       last_seen timestamptz,
       version text,
       unique (tenant_id, name)
     )`,
    ...isolated("edges"),

    // The newest actor that an edge told of. Its events come later, and older ones before them: it is no bound for them.
    `alter table camera_epochs add column reported_epoch bigint not null default 0`,

    // Of an edge's own database: whose it is, and up to where the centre has each camera's events.
    `create table edge_home (
       edge_id uuid primary key,
       tenant_id uuid not null references tenants (id)
     )`,
    `create unique index edge_home_one on edge_home ((true))`,
    `grant select, insert, update, delete on edge_home to vigil_system`,
    `create table edge_cursors (
       camera_id uuid primary key,
       delivered bigint not null check (delivered >= 0)
     )`,
    `grant select, insert, update, delete on edge_cursors to vigil_system`
  ]
}
