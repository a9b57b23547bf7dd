import { createHash } from "node:crypto"

/** A PostgreSQL bigint, as text. */
export type LockKey = string

/**
 * The advisory lock for something of one cluster. Advisory locks are one space of 64 bits for a whole database: keys are hashes of the cluster's name and
 * what is locked, so that clusters that share a database have locks of their own.
 */
export const lockKey = (cluster: string, what: string): LockKey =>
  createHash("sha256")
    .update(JSON.stringify([cluster, what]))
    .digest()
    .readBigInt64BE()
    .toString()

/** The lock that a node holds for as long as it takes part: there is one node of a name. */
export const identityKey = (cluster: string, node: string): LockKey => lockKey(cluster, `node ${node}`)

/** `application_name` of all sessions of a node; at most 63 bytes, as PostgreSQL cuts it there. */
export const sessionName = (cluster: string, node: string): string => {
  const mark = createHash("sha256")
    .update(JSON.stringify([cluster, node]))
    .digest("hex")
    .slice(0, 12)
  return `vigil ${mark} ${node}`.slice(0, 63)
}
