/**
 * What people may do with the cluster. It is one for all tenants: whoever steers it is an administrator of the installation's own tenant, and
 * nobody learns of another tenant's cameras.
 *
 * @module
 */
import { clusterRebalanced, nodeDrained, nodeResumed } from "@vigil/core/AuditChanges"
import type { AuditChange } from "@vigil/core/AuditEntry"
import { Forbidden } from "@vigil/core/contract/Principal"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { defaultTenant } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ClusterControl } from "@vigil/core/port/ClusterControl"
import { Effect } from "effect"
import { isLocalOperator } from "../auth/LocalOperator.js"

export const clusterStatus = Effect.gen(function* () {
  const user = yield* authorize("operator")
  const status = yield* (yield* ClusterControl).status
  if (isLocalOperator(user) || status.cameras.unplaced.length === 0) return status
  const own = new Set((yield* (yield* CameraStore).list(user.tenantId)).map(({ id }) => id))
  const unplaced = status.cameras.unplaced.filter(({ cameraId }) => own.has(cameraId))
  return { ...status, cameras: { ...status.cameras, unplaced } }
})

/** Written before it is done: it may take minutes, and whoever asked may not wait for it. */
const steering = (change: AuditChange) =>
  Effect.gen(function* () {
    const user = yield* authorize("admin", "steering the cluster")
    if (user.tenantId !== defaultTenant) {
      const what = "steering the cluster, which is not this tenant's,"
      return yield* new Forbidden({ needed: "admin", role: user.role, what })
    }
    yield* (yield* AuditStore).append(user.tenantId, change)
    return yield* ClusterControl
  }).pipe(inCallersName)

export const drainNode = (node: NodeName) =>
  Effect.flatMap(steering(nodeDrained(node)), ({ drain }) => Effect.map(drain(node), (cameras) => ({ cameras })))

export const resumeNode = (node: NodeName) => Effect.flatMap(steering(nodeResumed(node)), ({ resume }) => resume(node))

export const rebalanceCluster = Effect.flatMap(steering(clusterRebalanced), ({ rebalance }) =>
  Effect.map(rebalance, (cameras) => ({ cameras }))
)
