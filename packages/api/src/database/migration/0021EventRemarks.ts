import type { Migration } from "../Migration.js"

export const eventRemarks: Migration = {
  id: 21,
  name: "tags, tickets and notes of events",
  statements: [
    `alter table events
       add column tags text[] not null default '{}',
       add column ticket text,
       add column notes jsonb not null default '[]'`,
    `create index events_tags on events using gin (tags) where tags <> '{}'`
  ]
}
