import { MessageStorage, type Runner, RunnerServer, Runners, RunnerStorage, Sharding, ShardingConfig } from "@effect/cluster"
import { RpcSerialization, RpcServer } from "@effect/rpc"
import { type NodeCapacity, NodeName } from "@vigil/core/Node"
import { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import type { NodeFence } from "@vigil/core/port/NodeFence"
import { Context, Duration, Effect, Layer, Option, Schedule, type Scope } from "effect"
import { Nats } from "../nats/Nats.js"
import { type ClusterMember, ClusterNode, ownGroup } from "./ClusterNode.js"
import { withLockGrace } from "./LockGrace.js"
import { answerHealth } from "./NodeHealth.js"
import { addressOf, layerRunnerHealth, watchPeers } from "./PeerWatch.js"
import { makeShardWatch, shardsOf } from "./ShardWatch.js"
import { makeClientProtocol } from "../rpc/NatsRpcClient.js"
import { makeServerProtocol } from "../rpc/NatsRpcServer.js"

export interface NatsClusterOptions {
  readonly name: NodeName
  /** This node's part of the shards, in proportion to that of the others: how many cameras it may run. */
  readonly weight: number
}

/** Shards of each group; the same on all nodes for ever, since it decides which shard a camera belongs to. */
const shardsPerGroup = 300

/**
 * A shard's lock is refreshed every 2 s. A node that cannot reach the database keeps its shards for a minute, so that its restart moves no camera, and for
 * ten seconds where it cannot reach the other nodes either. Members are forgotten later than that.
 */
const grace = { whole: Duration.seconds(60), alone: Duration.seconds(10) }

/** Seconds after which a node that wrote nothing to the database is no member. */
export const forgetAfter = 75

const knobs = {
  shardsPerGroup,
  refreshAssignmentsInterval: Duration.millis(200),
  shardLockRefreshInterval: Duration.seconds(2),
  shardLockExpiration: Duration.seconds(forgetAfter),
  runnerHealthCheckInterval: Duration.seconds(1),
  entityMessagePollInterval: Duration.seconds(1),
  entityTerminationTimeout: Duration.seconds(3),
  simulateRemoteSerialization: false
}

/** A node for as many cameras has weight 1. The ring has 128 places for each weight, so that weights stay small. */
const camerasPerWeight = 100

/** The weight of a node that may run so many cameras. */
export const weightOf = ({ cameras }: Pick<NodeCapacity, "cameras">): number =>
  Math.min(10, Math.max(0.1, cameras / camerasPerWeight))

/** Shards go one after the other; whoever is asked to drain waits for the last one no longer than this. */
const drainLimit = Duration.seconds(20)

/** What this node knows of its cluster, filled by what its storage was asked anyway. */
interface View {
  members: ReadonlyArray<ClusterMember>
  draining: boolean
  tell: () => void
}

const memberOf = ([{ address, weight }, healthy]: readonly [Runner.Runner, boolean]): ClusterMember => ({
  name: NodeName.make(address.host),
  healthy,
  weight
})

const isSame = (a: ReadonlyArray<ClusterMember>, b: ReadonlyArray<ClusterMember>): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** The library asks for the members five times a second: this node sees what the library sees. */
const observed = (storage: RunnerStorage.RunnerStorage["Type"], view: View) =>
  RunnerStorage.RunnerStorage.of({
    ...storage,
    acquire: (address, shards) => {
      const asked = [...shards]
      return Effect.tap(storage.acquire(address, asked), (granted) =>
        Effect.logDebug(`${granted.length} of ${asked.length} shards were free`)
      )
    },
    getRunners: Effect.tap(storage.getRunners, (runners) =>
      Effect.sync(() => {
        const members = runners.map(memberOf)
        if (isSame(members, view.members)) return
        view.members = members
        view.tell()
      })
    )
  })

const layerStorage = (view: View) =>
  Layer.effect(
    RunnerStorage.RunnerStorage,
    Effect.gen(function* () {
      const nats = yield* Nats
      const storage = yield* RunnerStorage.RunnerStorage
      return observed(
        withLockGrace(storage, grace, () => nats.connectedFor() > 0),
        view
      )
    })
  )

const subjectOf = (nats: typeof Nats.Service, node: NodeName) => nats.subject("runner", node, "rpc")

const layerServerProtocol = (node: NodeName) =>
  Layer.scoped(
    RpcServer.Protocol,
    Effect.flatMap(Nats, (nats) => makeServerProtocol({ subject: subjectOf(nats, node) }))
  )

const layerClientProtocol = Layer.effect(
  Runners.RpcClientProtocol,
  Effect.gen(function* () {
    const nats = yield* Nats
    const context = yield* Effect.context<Nats | RpcSerialization.RpcSerialization>()
    return ({ host }: { readonly host: string }) =>
      makeClientProtocol({ subject: subjectOf(nats, NodeName.make(host)) }).pipe(
        Effect.mapInputContext((scope: Context.Context<Scope.Scope>) => Context.merge(context, scope))
      )
  })
)

type Member = Sharding.Sharding | Runners.Runners | ClusterNode
type Needs = Nats | NodeFence | RunnerStorage.RunnerStorage

const makeView = (name: NodeName) =>
  Effect.gen(function* () {
    const view: View = { members: [], draining: false, tell: () => undefined }
    yield* answerHealth(name, () => view.draining)
    return view
  })

const layerClusterNode = (name: NodeName, view: View) => Layer.scoped(ClusterNode, makeClusterNode(name, view))

const makeClusterNode = (name: NodeName, view: View) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const storage = yield* RunnerStorage.RunnerStorage
    const sharding = yield* Sharding.Sharding
    const shards = shardsOf("default", shardsPerGroup)
    const watch = yield* makeShardWatch([...shards, ...shardsOf(ownGroup(name), 1)])
    view.tell = watch.tell
    const isMember = () => view.members.some((member) => member.name === name && member.healthy)

    const setHealth = (healthy: boolean) =>
      storage.setRunnerHealth(addressOf(name), healthy).pipe(
        Effect.retry(Schedule.spaced("500 millis").pipe(Schedule.upTo("5 seconds"))),
        Effect.mapError(() => new NodeUnavailable({ node: name, detail: "the database does not answer" }))
      )

    const drain = Effect.gen(function* () {
      if (!view.members.some((member) => member.name !== name && member.healthy)) {
        return yield* new NodeUnavailable({ node: name, detail: "there is no other node to take its cameras" })
      }
      view.draining = true
      yield* setHealth(false)
      const deadline = performance.now() + Duration.toMillis(drainLimit)
      // No timeout: a node also drains while it is interrupted.
      while (watch.held() > 0 || isMember()) {
        if (performance.now() > deadline) {
          const detail = `it still holds ${watch.held()} shards after ${Duration.toSeconds(drainLimit)} s`
          return yield* new NodeUnavailable({ node: name, detail })
        }
        yield* Effect.sleep("50 millis")
      }
    })

    return ClusterNode.of({
      cluster: nats.cluster,
      name,
      members: () => view.members,
      shards: () => shards.filter((shard) => sharding.hasShardId(shard)).length,
      shardsPerGroup,
      changes: watch.changes,
      drain,
      resume: Effect.suspend(() => {
        view.draining = false
        // Not reached now, the node that checks the others finds that it takes cameras again.
        return Effect.catchAll(setHealth(true), (error) => Effect.logWarning(error.message))
      }),
      draining: () => view.draining
    })
  })

/**
 * This process as one node of a cluster that talks over NATS. `RunnerStorage` (members, locks) and `NodeFence` are the database's. Nothing is
 * persisted for entities: calls of cameras are repeated by who needs them.
 */
export const layer = (options: NatsClusterOptions): Layer.Layer<Member, never, Needs> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { name, weight } = options
      const view = yield* makeView(name)
      const groups = ["default", ownGroup(name)]
      const config = ShardingConfig.layer({
        ...knobs,
        runnerAddress: Option.some(addressOf(name)),
        runnerShardWeight: weight,
        availableShardGroups: groups,
        assignedShardGroups: groups
      })
      const members = () => view.members
      const watching = Layer.scopedDiscard(
        Effect.flatMap(RunnerStorage.RunnerStorage, (storage) => watchPeers(name, storage, members))
      )
      return Layer.merge(layerClusterNode(name, view), watching).pipe(
        Layer.provideMerge(RunnerServer.layerWithClients),
        Layer.provide([layerServerProtocol(name), layerClientProtocol, layerRunnerHealth(name, members)]),
        Layer.provide([RpcSerialization.layerMsgPack, config, MessageStorage.layerNoop]),
        Layer.provide(layerStorage(view))
      )
    })
  )

/** A process that calls the cluster's cameras and takes none. */
export const layerClient = ({ name }: Pick<NatsClusterOptions, "name">): Layer.Layer<Member, never, Needs> =>
  Layer.unwrapScoped(
    Effect.map(makeView(name), (view) =>
      layerClusterNode(name, view).pipe(
        Layer.provideMerge(RunnerServer.layerClientOnly),
        Layer.provide(layerClientProtocol),
        Layer.provide([RpcSerialization.layerMsgPack, ShardingConfig.layer(knobs), MessageStorage.layerNoop]),
        Layer.provide(layerStorage(view))
      )
    )
  )
