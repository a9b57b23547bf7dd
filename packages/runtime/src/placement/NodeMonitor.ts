import type { NodeReport } from "@vigil/core/Node"
import { initialBalance, type NodeBalance, observe, refusalOf, stateOf } from "@vigil/core/placement/NodeBalance"
import type { CameraOutline } from "@vigil/core/port/CameraStore"
import { Context, DateTime, Effect, Layer, Metric, Schedule } from "effect"
import { CameraActors } from "../camera/CameraActors.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { MediaWorkers } from "../media/MediaWorkers.js"
import { Balancing } from "./Balancing.js"
import { LoadMeter } from "./LoadMeter.js"
import { ThisNode } from "./ThisNode.js"

const interval = "1 second"

const processors = Metric.gauge("vigil_node_processor_ratio", { description: "Share of all cores that the node uses" })
const memory = Metric.gauge("vigil_node_memory_bytes", { description: "Resident memory of the node and its media workers" })
const states: ReadonlyArray<NodeReport["state"]> = ["up", "full", "draining"]
const state = Metric.gauge("vigil_node_state", { description: "1 for the state that the node is in" })

/** Measures what this node uses, and knows whether it takes cameras. */
export class NodeMonitor extends Context.Tag("@vigil/runtime/NodeMonitor")<
  NodeMonitor,
  {
    readonly report: () => NodeReport
    /** By what is so now: why a camera is not started while so many enabled ones run; nothing where it is. */
    readonly admission: () => (camera: CameraOutline, running: number) => string | undefined
    /** Enabled cameras that run here. */
    readonly running: () => number
    /** Milliseconds, as the balance counts them. */
    readonly now: () => number
    balance: NodeBalance
    /** No further camera is taken, before any shard is given away. */
    draining: boolean
  }
>() {
  static readonly layer = Layer.scoped(
    NodeMonitor,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const self = yield* ThisNode
  const cluster = yield* ClusterNode
  const actors = yield* CameraActors
  const workers = yield* MediaWorkers
  const policy = yield* Balancing
  const meter = (yield* LoadMeter)()
  let used = { cpu: 0, memory: process.memoryUsage.rss() }

  const running = () => {
    let count = 0
    for (const actor of actors.values()) if (actor.pulse().state._tag !== "Disabled") count++
    return count
  }

  // All nodes of a cluster take turns by it: the clock of the day, not a node's own.
  const now = () => Date.now()

  const load = () => ({ cameras: running(), ...used })

  const monitor = NodeMonitor.of({
    report: () => {
      // Counting goes over all actors.
      const current = load()
      return {
        ...self,
        name: cluster.name,
        load: current,
        state: stateOf(monitor.balance, current, self.capacity, monitor.draining || cluster.draining()),
        shards: cluster.shards(),
        reportedAt: DateTime.unsafeNow()
      }
    },
    admission: () => {
      const report = monitor.report()
      return (camera, count) => refusalOf(monitor.balance, report, camera, count, policy)
    },
    running,
    now,
    balance: initialBalance,
    draining: false
  })

  const look = Effect.gen(function* () {
    const processes = yield* workers.health
    used = yield* Effect.promise(() => meter.sample(processes))
    monitor.balance = observe(monitor.balance, load(), self.capacity, now(), policy)
    yield* Metric.set(processors, used.cpu)
    yield* Metric.set(memory, used.memory)
    const current = monitor.report().state
    yield* Effect.forEach(states, (name) => Metric.set(Metric.tagged(state, "state", name), name === current ? 1 : 0), {
      discard: true
    })
  })

  yield* look.pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("the node's load could not be measured", cause)),
    Effect.repeat(Schedule.spaced(interval)),
    Effect.forkScoped
  )
  return monitor
})
