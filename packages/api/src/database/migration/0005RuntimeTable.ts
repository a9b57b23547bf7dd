import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const runtimeTable: Migration = {
  id: 5,
  name: "runtime table",
  statements: [
    // One row a node's run, beaten every few seconds: nothing of a tenant's.
    `create table camera_managers (
       id uuid primary key,
       cluster text not null,
       node text not null,
       started_at timestamptz not null default now(),
       last_heartbeat timestamptz not null default now()
     ) with (fillfactor = 50)`,
    `grant select, insert, update, delete on camera_managers to vigil_system`,

    // Free space on each page: updates stay on it and touch no index.
    `create table camera_runtime (
       camera_id uuid not null references cameras (id) on delete cascade,
       worker text not null check (worker in ('actor', 'external')),
       tenant_id uuid not null references tenants (id),
       pod_name text not null,
       epoch bigint not null check (epoch >= 0),
       worker_status text not null check (worker_status in ('starting', 'running', 'stopped', 'error')),
       health_status text not null check (health_status in ('healthy', 'degraded', 'unhealthy', 'unknown')),
       health_info jsonb not null,
       error_count integer not null check (error_count >= 0),
       last_error text,
       alert boolean not null,
       manager_id uuid,
       started_at timestamptz not null default now(),
       last_heartbeat timestamptz not null default now(),
       primary key (camera_id, worker)
     ) with (fillfactor = 70)`,
    `create index camera_runtime_tenant on camera_runtime (tenant_id)`,
    ...isolated("camera_runtime"),

    `create table worker_tokens (
       id uuid primary key,
       token_hash bytea not null unique,
       tenant_id uuid not null references tenants (id),
       name text not null,
       camera_id uuid references cameras (id) on delete cascade,
       created_at timestamptz not null
     )`,
    `create index worker_tokens_tenant on worker_tokens (tenant_id)`,
    ...isolated("worker_tokens")
  ]
}
