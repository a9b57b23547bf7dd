import type { HealthCheck } from "@vigil/core/port/Health"
import { Effect } from "effect"
import type { Nats } from "./Nats.js"

/** Whether NATS is there. Without it a node goes on with its own cameras and serves what it knows, so that it stays ready. */
export const natsHealth = ({ connectedFor, connection }: typeof Nats.Service): HealthCheck => ({
  component: "NATS",
  essential: false,
  check: Effect.sync(() => {
    const seconds = Math.floor(connectedFor() / 1000)
    return connectedFor() > 0
      ? { component: "NATS", status: "pass" as const, detail: `connected to ${connection.getServer()} for ${seconds} s` }
      : { component: "NATS", status: "warn" as const, detail: "no connection; trying again all the time" }
  })
})
