import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const identity: Migration = {
  id: 18,
  name: "profiles, locks, password resets, identity providers",
  statements: [
    `alter table users
       add column display_name text,
       add column email text,
       add column language text,
       add column wrong_passwords integer not null default 0 check (wrong_passwords >= 0),
       add column wrong_at timestamptz,
       add column locked_at timestamptz,
       add column locked_until timestamptz`,
    `create index users_email on users (lower(email)) where email is not null`,

    `create table former_passwords (
       tenant_id uuid not null references tenants (id),
       user_id uuid not null references users (id) on delete cascade,
       password_hash text not null,
       replaced_at timestamptz not null
     )`,
    `create index former_passwords_user on former_passwords (user_id, replaced_at desc)`,
    ...isolated("former_passwords"),

    `create table password_policies (
       tenant_id uuid primary key references tenants (id),
       policy jsonb not null,
       updated_at timestamptz not null
     )`,
    ...isolated("password_policies"),

    `create table password_resets (
       token_hash bytea primary key,
       tenant_id uuid not null references tenants (id),
       user_id uuid not null unique references users (id) on delete cascade,
       created_at timestamptz not null,
       expires_at timestamptz not null
     )`,
    ...isolated("password_resets"),

    `create table identity_providers (
       id uuid primary key,
       tenant_id uuid not null references tenants (id),
       slug text not null unique,
       settings jsonb not null,
       client_secret bytea,
       created_at timestamptz not null,
       updated_at timestamptz not null
     )`,
    `create index identity_providers_tenant on identity_providers (tenant_id)`,
    ...isolated("identity_providers"),

    `create table user_identities (
       provider_id uuid not null references identity_providers (id) on delete cascade,
       subject text not null,
       tenant_id uuid not null references tenants (id),
       user_id uuid not null references users (id) on delete cascade,
       created_at timestamptz not null,
       primary key (provider_id, subject)
     )`,
    `create index user_identities_user on user_identities (user_id)`,
    ...isolated("user_identities"),

    // Ends with the provider.
    `alter table sessions add column provider_id uuid references identity_providers (id) on delete cascade`,
    `create index sessions_provider on sessions (provider_id) where provider_id is not null`,

    `create table program_codes (
       code_hash bytea primary key,
       tenant_id uuid not null references tenants (id),
       session_id uuid not null references sessions (id) on delete cascade,
       challenge text not null,
       expires_at timestamptz not null
     )`,
    ...isolated("program_codes"),

    `create table sign_in_attempts (
       state_hash bytea primary key,
       tenant_id uuid not null references tenants (id),
       provider_id uuid not null references identity_providers (id) on delete cascade,
       browser_hash bytea not null,
       nonce text not null,
       code_verifier text not null,
       destination text not null,
       expires_at timestamptz not null
     )`,
    `create index sign_in_attempts_expiry on sign_in_attempts (expires_at)`,
    ...isolated("sign_in_attempts")
  ]
}
