import { RunnerAddress, RunnerHealth, type RunnerStorage } from "@effect/cluster"
import { NodeName } from "@vigil/core/Node"
import { NodeFence } from "@vigil/core/port/NodeFence"
import { Duration, Effect, Layer, Schedule, type Scope } from "effect"
import type { Nats } from "../nats/Nats.js"
import type { ClusterMember } from "./ClusterNode.js"
import { askHealth, isDead } from "./NodeHealth.js"

const interval = Duration.millis(250)

/** The other healthy members in the order in which this node watches them: those whose names follow its own, then around from the first. */
export const successors = (members: ReadonlyArray<ClusterMember>, self: NodeName): ReadonlyArray<NodeName> => {
  const names = members.filter(({ healthy, name }) => healthy && name !== self).map(({ name }) => name)
  names.sort()
  return [...names.filter((name) => name > self), ...names.filter((name) => name < self)]
}

/** Only once it is fenced may others have its shards: what it holds in the database would keep them from it, and it may still be alive. */
const fenced = (node: NodeName) =>
  Effect.gen(function* () {
    const ended = yield* (yield* NodeFence).fence(node)
    yield* Effect.logWarning(`node ${node} does not answer: its cameras go to other nodes`).pipe(
      Effect.annotateLogs({ sessionsEnded: ended })
    )
  })

/**
 * Each node watches its successor, and while that is dead the one after it: that costs one request per node and round, and adjacent nodes may die together.
 * The library's own check runs on one node only, and nobody checks while that one is the dead one.
 */
export const watchPeers = (
  self: NodeName,
  storage: RunnerStorage.RunnerStorage["Type"],
  members: () => ReadonlyArray<ClusterMember>
): Effect.Effect<void, never, Nats | NodeFence | Scope.Scope> =>
  Effect.gen(function* () {
    for (const node of successors(members(), self)) {
      if (!(yield* isDead(node, self))) return
      yield* fenced(node)
      yield* storage.setRunnerHealth(addressOf(node), false)
    }
  }).pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("a node that does not answer could not be fenced; trying again", cause)),
    Effect.repeat(Schedule.spaced(interval)),
    Effect.forkScoped,
    Effect.asVoid
  )

/** Nodes are found by their names alone. */
export const addressOf = (node: NodeName): RunnerAddress.RunnerAddress => RunnerAddress.make(node, 1)

/** What the library asks before it takes a node's shards away, or gives it some again. */
const makeRunnerHealth = (self: NodeName, members: () => ReadonlyArray<ClusterMember>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Nats | NodeFence>()
    const isHealthy = (node: NodeName) => members().some(({ healthy, name }) => healthy && name === node)

    const isAlive = (node: NodeName) =>
      Effect.gen(function* () {
        if (!isHealthy(node)) return (yield* askHealth(node)) === "up"
        const dead = yield* isDead(node, self)
        if (dead) yield* fenced(node)
        return !dead
      }).pipe(
        Effect.catchTag("StoreUnavailable", (error) =>
          Effect.as(Effect.logWarning(`node ${node} does not answer, and cannot be fenced: ${error.message}`), true)
        )
      )

    return RunnerHealth.RunnerHealth.of({ isAlive: ({ host }) => Effect.provide(isAlive(NodeName.make(host)), context) })
  })

export const layerRunnerHealth = (self: NodeName, members: () => ReadonlyArray<ClusterMember>) =>
  Layer.effect(RunnerHealth.RunnerHealth, makeRunnerHealth(self, members))
