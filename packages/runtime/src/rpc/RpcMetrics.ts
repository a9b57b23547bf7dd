import { Metric } from "effect"

/** Clients that this process answers over NATS now. */
export const openSessions = Metric.counter("vigil_rpc_sessions", {
  description: "Clients whose calls over NATS this node answers"
})

export const lostSessions = Metric.counter("vigil_rpc_sessions_lost", {
  description: "Sessions with other nodes that ended with calls failing: the node was gone, silent or restarted, or NATS was",
  incremental: true
})
