import type { Migration } from "../Migration.js"

/**
 * Adds entries to a tenant's trail in one statement: while it holds the tenant's row, which whoever else adds to the trail waits for, nobody is asked
 * anything. What is hashed comes as `formAround` (`@vigil/core/AuditChain`) makes it; here only the entry's place is put in.
 */
const appendAudit = `create function append_audit(tenant uuid, entries jsonb) returns setof audit_entries language plpgsql as $$
  declare
    entry jsonb;
    added audit_entries;
    last_sequence bigint;
    last_hash bytea;
  begin
    select audit_sequence, audit_hash into last_sequence, last_hash from tenants where id = tenant for no key update;
    if not found then return; end if;
    for entry in select jsonb_array_elements(entries) loop
      last_sequence := last_sequence + 1;
      added.tenant_id := tenant;
      added.sequence := last_sequence;
      added.at := entry ->> 'at';
      added.actor_id := entry ->> 'actor_id';
      added.actor_name := entry ->> 'actor_name';
      added.address := entry ->> 'address';
      added.action := entry ->> 'action';
      added.subject_type := entry ->> 'subject_type';
      added.subject_id := entry ->> 'subject_id';
      added.old_values := nullif(entry -> 'old_values', 'null');
      added.new_values := nullif(entry -> 'new_values', 'null');
      added.previous_hash := last_hash;
      added.hash := sha256(convert_to(
        concat(entry ->> 'head', '"', encode(last_hash, 'hex'), '","sequence":', last_sequence, entry ->> 'tail'), 'UTF8'
      ));
      insert into audit_entries select added.*;
      last_hash := added.hash;
      return next added;
    end loop;
    update tenants set audit_sequence = last_sequence, audit_hash = last_hash where id = tenant;
  end $$`

export const auditInOneStatement: Migration = {
  id: 22,
  name: "audit trail in one statement",
  statements: [appendAudit]
}
