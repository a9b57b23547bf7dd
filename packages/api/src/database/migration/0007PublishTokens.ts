import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const publishTokens: Migration = {
  id: 7,
  name: "publish tokens",
  statements: [
    `create table publish_tokens (
       camera_id uuid primary key references cameras (id) on delete cascade,
       tenant_id uuid not null references tenants (id),
       token_hash bytea not null unique,
       created_at timestamptz not null
     )`,
    ...isolated("publish_tokens")
  ]
}
