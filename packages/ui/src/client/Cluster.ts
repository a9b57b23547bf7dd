import { queryOptions } from "@tanstack/react-query"
import { EdgeOverview } from "@vigil/core/Edge"
import { Schema } from "effect"
import { asking } from "./Session.js"
import type { VigilClient } from "./VigilClient.js"

/** Milliseconds; loads are averages over about ten seconds. */
const refetchInterval = 5_000

const askForEdges = asking(Schema.Array(EdgeOverview))

/** The nodes, what they run, and which cameras no node takes. */
export const clusterQuery = (client: VigilClient) =>
  queryOptions({
    queryKey: ["cluster"],
    queryFn: ({ signal }) => client.call((rpc) => rpc.ClusterStatus(), { signal }),
    refetchInterval
  })

export const edgesQuery = queryOptions({
  queryKey: ["edges"],
  queryFn: ({ signal }) => askForEdges("/api/v1/edges", { signal }),
  refetchInterval
})
