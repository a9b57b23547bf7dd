import { Effect, Fiber } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { NodeSteering } from "./NodeSteering.js"

const drainLimit = "25 seconds"

/** For the end of a node: its cameras go to other nodes, where there are some, before anything of it is closed. */
export const giveAway = Effect.gen(function* () {
  const cluster = yield* ClusterNode
  const others = cluster.members().filter(({ healthy, name }) => healthy && name !== cluster.name)
  if (others.length === 0 || cluster.shards() === 0) return
  yield* Effect.logInfo(`cameras go to ${others.length} other nodes`)
  const { drain } = yield* NodeSteering
  // In a fiber of its own: in one that is being interrupted, nothing else can be, and the limit would not hold.
  const draining = yield* drain.pipe(Effect.timeout(drainLimit), Effect.interruptible, Effect.forkDaemon)
  yield* Fiber.join(draining).pipe(
    Effect.catchAll((error) => Effect.logWarning(`not all cameras could be given away: ${error.message}`))
  )
})
