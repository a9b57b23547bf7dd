import { Effect, Metric } from "effect"
import type { Bus } from "./port/Bus.js"

const published = Metric.counter("vigil_bus_published_messages", {
  description: "Messages that the bus has acknowledged to this node",
  incremental: true
})
const failed = Metric.counter("vigil_bus_publish_failures", {
  description: "Attempts to publish that failed: `unavailable` are tried again, `too-large` are given up",
  incremental: true
})
const duration = Metric.timer("vigil_bus_publish", "From handing a message to the bus to its acknowledgement")

/** The bus, with what is published counted. */
export const measuredBus = (bus: typeof Bus.Service): typeof Bus.Service => ({
  ...bus,
  publish: (message) =>
    bus.publish(message).pipe(
      Metric.trackDuration(duration),
      Effect.tap(() => Metric.increment(Metric.tagged(published, "type", message.type))),
      Effect.tapErrorTag("BusUnavailable", () => Metric.increment(Metric.tagged(failed, "reason", "unavailable"))),
      Effect.tapErrorTag("BusMessageTooLarge", () => Metric.increment(Metric.tagged(failed, "reason", "too-large")))
    )
})
