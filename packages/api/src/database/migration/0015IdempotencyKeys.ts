import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const idempotencyKeys: Migration = {
  id: 15,
  name: "idempotency keys",
  statements: [
    // An answer may hold a token that is told once, so it is sealed. Done without an answer: it was too large.
    `create table idempotency_keys (
       tenant_id uuid not null references tenants (id) on delete cascade,
       caller text not null,
       key text not null,
       fingerprint text not null,
       begun_at timestamptz not null default now(),
       done boolean not null default false,
       answer bytea check (octet_length(answer) <= 262144),
       primary key (tenant_id, caller, key)
     )`,
    `create index idempotency_keys_age on idempotency_keys (begun_at)`,
    ...isolated("idempotency_keys")
  ]
}
