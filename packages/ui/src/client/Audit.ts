import { infiniteQueryOptions } from "@tanstack/react-query"
import type { AuditQuery } from "@vigil/core/AuditEntry"
import type { VigilClient } from "./VigilClient.js"

const pageSize = 50

export const auditQuery = (client: VigilClient, filter: Omit<AuditQuery, "limit" | "before">) =>
  infiniteQueryOptions({
    queryKey: ["audit", JSON.stringify(filter)],
    queryFn: ({ pageParam: before, signal }) =>
      client.call(
        (rpc) => rpc.QueryAudit({ query: { ...filter, limit: pageSize, ...(before === undefined ? {} : { before }) } }),
        { signal }
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ next }) => next
  })
