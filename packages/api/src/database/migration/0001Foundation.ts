import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

/** Roles belong to the whole server: another database of it, or another node, may be making them at this moment. */
const role = (name: string): ReadonlyArray<string> => [
  `do $$ begin
     if not exists (select from pg_roles where rolname = '${name}') then create role ${name} nologin; end if;
   exception when duplicate_object or unique_violation then null;
   end $$`,
  `do $$ begin
     if not pg_has_role(current_user, '${name}', 'member') then grant ${name} to current_user; end if;
   exception when unique_violation then null;
   end $$`,
  `grant usage on schema public to ${name}`
]

export const foundation: Migration = {
  id: 1,
  name: "tenants, users, sessions, cameras, events",
  statements: [
    ...role("vigil_tenant"),
    ...role("vigil_system"),

    `create table tenants (
       id uuid primary key,
       name text not null,
       created_at timestamptz not null default now()
     )`,
    ...isolated("tenants", "id"),
    `insert into tenants (id, name) values ('00000000-0000-4000-8000-000000000001', 'default')`,

    `create table users (
       id uuid primary key,
       tenant_id uuid not null references tenants (id),
       username text not null,
       role text not null check (role in ('admin', 'supervisor', 'operator', 'viewer')),
       password_hash text not null,
       created_at timestamptz not null,
       updated_at timestamptz not null
     )`,
    `create unique index users_username on users (lower(username))`,
    `create index users_tenant on users (tenant_id)`,
    ...isolated("users"),

    `create table sessions (
       id uuid primary key,
       token_hash bytea not null unique,
       user_id uuid not null references users (id) on delete cascade,
       tenant_id uuid not null references tenants (id),
       created_at timestamptz not null,
       last_seen_at timestamptz not null,
       expires_at timestamptz not null,
       address text,
       user_agent text
     )`,
    `create index sessions_user on sessions (user_id)`,
    `create index sessions_expiry on sessions (expires_at)`,
    ...isolated("sessions"),

    `create table setup_tokens (
       token_hash bytea primary key,
       expires_at timestamptz not null
     )`,
    `grant select, insert, update, delete on setup_tokens to vigil_system`,

    `create table cameras (
       id uuid primary key,
       tenant_id uuid not null references tenants (id),
       name text not null,
       configuration jsonb not null,
       credentials bytea,
       revision integer not null check (revision > 0),
       created_at timestamptz not null,
       updated_at timestamptz not null
     )`,
    `create index cameras_tenant on cameras (tenant_id, name)`,
    ...isolated("cameras"),

    // Outlives the camera: an actor that wakes up after its camera was removed finds its epoch over.
    `create table camera_epochs (
       camera_id uuid primary key,
       tenant_id uuid not null references tenants (id),
       epoch bigint not null check (epoch >= 0),
       last_sequence bigint not null default 0 check (last_sequence >= 0)
     )`,
    ...isolated("camera_epochs"),

    `create table events (
       event_id uuid primary key,
       tenant_id uuid not null references tenants (id),
       camera_id uuid not null,
       sequence bigint not null check (sequence > 0),
       epoch bigint not null check (epoch >= 0),
       event_type text not null,
       confidence double precision not null,
       occurred_at timestamptz not null,
       detection_metadata jsonb not null,
       clip_url text,
       priority text not null,
       status text not null,
       recorded_at timestamptz not null default now(),
       unique (camera_id, sequence)
     )`,
    `create index events_newest on events (tenant_id, occurred_at desc, event_id desc)`,
    `create index events_newest_of_camera on events (camera_id, occurred_at desc, event_id desc)`,
    ...isolated("events")
  ]
}
