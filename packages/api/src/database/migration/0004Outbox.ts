import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const outbox: Migration = {
  id: 4,
  name: "messages to publish",
  statements: [
    // What was stored before there was a bus that keeps messages is history, not news.
    `alter table camera_epochs add column published_sequence bigint not null default 0 check (published_sequence >= 0)`,
    `update camera_epochs set published_sequence = last_sequence`,
    `create table outbox (
       id bigint generated always as identity primary key,
       tenant_id uuid not null references tenants (id),
       camera_id uuid not null,
       message jsonb not null,
       created_at timestamptz not null default now()
     )`,
    `create index outbox_order on outbox (camera_id, id)`,
    ...isolated("outbox", "tenant_id", "select, insert, delete")
  ]
}
