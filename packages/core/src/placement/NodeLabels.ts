import type { TenantId } from "../Ids.js"
import type { NodeReport } from "../Node.js"

/** A node with this label runs cameras of the tenant with this id only. */
export const tenantLabel = "tenant"

/** Whether a node of these labels may run cameras of the tenant. */
export const admits = (labels: NodeReport["labels"], tenant: TenantId): boolean => {
  const only = labels[tenantLabel]
  return only === undefined || only === tenant
}
