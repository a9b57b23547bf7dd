import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const people: Migration = {
  id: 9,
  name: "people",
  statements: [
    `create table api_keys (
       id uuid primary key,
       key_hash bytea not null unique,
       tenant_id uuid not null references tenants (id),
       user_id uuid not null references users (id) on delete cascade,
       name text not null,
       scopes text[] not null,
       hint text not null,
       created_at timestamptz not null,
       expires_at timestamptz,
       last_used_at timestamptz
     )`,
    `create index api_keys_user on api_keys (user_id)`,
    ...isolated("api_keys")
  ]
}
