import type { Migration } from "../Migration.js"

export const disabling: Migration = {
  id: 27,
  name: "disabled users, revisions of grants",
  statements: [
    `alter table users
       add column disabled_at timestamptz,
       add column grants_revision integer not null default 1`
  ]
}
