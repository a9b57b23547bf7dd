import type { Migration } from "../Migration.js"
import { isolated } from "./Isolation.js"

export const edgeErasures: Migration = {
  id: 24,
  name: "erasures at edges",
  statements: [
    `alter table erasures add column expected bigint not null default 0`,
    `update erasures set erased = erased || '{"segments": 0}', expected = (erased ->> 'events')::bigint`,

    // What each edge that there was has to erase; whom nobody can tell any more, because it was revoked, keeps its name.
    `create table erasure_edges (
       erasure_id uuid not null references erasures (id) on delete cascade,
       tenant_id uuid not null references tenants (id) on delete cascade,
       edge_id uuid not null,
       name text not null,
       erased_at timestamptz,
       events bigint not null default 0,
       messages bigint not null default 0,
       primary key (erasure_id, edge_id)
     )`,
    `create index erasure_edges_pending on erasure_edges (edge_id) where erased_at is null`,
    // Asked for whenever a camera is added.
    `create index cameras_masked on cameras (tenant_id) where configuration -> 'masks' <> '[]'`,
    ...isolated("erasure_edges", "tenant_id", "select, insert, update"),
    `grant delete on erasure_edges to vigil_system`
  ]
}
