import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const signIn: Migration = {
  id: 17,
  name: "tokens, second factors",
  statements: [
    `alter table sessions add column kind text not null default 'browser' check (kind in ('browser', 'token'))`,

    // Of a session's refresh tokens all but the last, which is the session's own: whoever comes with one of these has not the only copy.
    `create table spent_refresh_tokens (
       token_hash bytea primary key,
       session_id uuid not null references sessions (id) on delete cascade,
       tenant_id uuid not null references tenants (id) on delete cascade,
       spent_at timestamptz not null
     )`,
    `create index spent_refresh_tokens_session on spent_refresh_tokens (session_id)`,
    ...isolated("spent_refresh_tokens"),

    // The id is the user's. Without confirmed_at no code of it was given yet.
    `create table second_factors (
       id uuid primary key references users (id) on delete cascade,
       tenant_id uuid not null references tenants (id) on delete cascade,
       secret bytea not null,
       confirmed_at timestamptz,
       last_step bigint not null default 0
     )`,
    ...isolated("second_factors"),
    `create table recovery_codes (
       user_id uuid not null references second_factors (id) on delete cascade,
       tenant_id uuid not null references tenants (id) on delete cascade,
       code_hash bytea not null,
       primary key (user_id, code_hash)
     )`,
    ...isolated("recovery_codes"),
    `alter table tenants add column second_factor text not null default 'optional' check (second_factor in ('optional', 'required'))`,

    `create table signing_keys (
       id uuid primary key,
       private_key bytea not null,
       created_at timestamptz not null
     )`,
    `grant select, insert, update, delete on signing_keys to vigil_system`
  ]
}
