import type pg from "pg"

/** Advisory lock of this database that whoever makes the clusters' tables holds: `vigc` in ASCII. */
const tableLock = 0x76696763

/**
 * The members of all clusters of this database. It is no part of the numbered migrations: a cluster's nodes may only take part in it, and
 * they need it before anything else.
 */
export const createRunnerTable = async (client: pg.Client): Promise<void> => {
  await client.query("begin")
  try {
    await client.query("select pg_advisory_xact_lock($1)", [tableLock])
    await client.query(`create table if not exists cluster_runners (
      cluster text not null,
      address text not null,
      machine_id integer generated always as identity,
      runner text not null,
      healthy boolean not null,
      last_heartbeat timestamptz not null default now(),
      primary key (cluster, address)
    )`)
    await client.query("commit")
  } catch (error) {
    await client.query("rollback")
    throw error
  }
}
