import type { CameraId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { clusterStatus } from "@vigil/core/placement/ClusterOverview"
import { ClusterControl, NodeNotFound, NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { Duration, Effect, Layer } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"
import { CameraPlacement } from "./CameraPlacement.js"
import { HostedCameras } from "./HostedCameras.js"
import { NodeRegistry } from "./NodeRegistry.js"
import { askNode } from "./NodeRpcNats.js"
import { NodeSteering } from "./NodeSteering.js"

const listLimit = Duration.seconds(2)
/** A camera is away for two seconds at the most, some at a time: a node of hundreds takes its while. */
const steerLimit = Duration.minutes(10)

/** What is asked of one node, this one or another. */
interface Steered {
  readonly cameras: Effect.Effect<ReadonlyArray<CameraId>, NodeUnavailable>
  readonly drain: Effect.Effect<number, NodeUnavailable>
  readonly resume: Effect.Effect<void, NodeUnavailable>
  readonly rebalance: Effect.Effect<number, NodeUnavailable>
}

const makeControl = (other: (node: NodeName) => Steered) =>
  Effect.gen(function* () {
    const { cluster, name, shardsPerGroup } = yield* ClusterNode
    const registry = yield* NodeRegistry
    const placement = yield* CameraPlacement
    const hosted = yield* HostedCameras
    const own = yield* NodeSteering

    const steered = (node: NodeName): Steered => (node === name ? own : other(node))

    const find = (node: NodeName): Effect.Effect<Steered, NodeNotFound | NodeUnavailable> =>
      Effect.suspend((): Effect.Effect<Steered, NodeNotFound | NodeUnavailable> => {
        const report = registry.nodes().find((known) => known.name === node)
        if (report === undefined) return new NodeNotFound({ node })
        if (report.state === "unreachable") return new NodeUnavailable({ node, detail: "it does not answer" })
        return Effect.succeed(steered(node))
      })

    const living = Effect.sync(() =>
      registry.nodes().filter(({ roles, state }) => state !== "unreachable" && roles.includes("camera"))
    )

    const running = Effect.gen(function* () {
      const lists = yield* Effect.forEach(
        yield* living,
        (node) =>
          steered(node.name).cameras.pipe(
            Effect.timeoutFail({
              duration: listLimit,
              onTimeout: () => new NodeUnavailable({ node: node.name, detail: "it does not answer" })
            }),
            Effect.catchAll((error) => Effect.as(Effect.logDebug(error.message), []))
          ),
        { concurrency: 16 }
      )
      return new Set(lists.flat())
    })

    return ClusterControl.of({
      status: Effect.gen(function* () {
        const ids = yield* running
        return clusterStatus({
          name: cluster,
          nodes: registry.nodes(),
          shards: shardsPerGroup,
          desired: hosted.desired.values(),
          running: ids,
          refusals: placement.refusals().values()
        })
      }),
      drain: (node) => Effect.flatMap(find(node), ({ drain }) => drain),
      resume: (node) => Effect.flatMap(find(node), ({ resume }) => resume),
      // One node after the other: what one gives back may be what another has to take.
      rebalance: Effect.gen(function* () {
        const [failed, moved] = yield* Effect.partition(yield* living, ({ name: node }) => steered(node).rebalance)
        const [first] = failed
        return first === undefined ? moved.reduce((sum, count) => sum + count, 0) : yield* first
      })
    })
  })

/** One node alone. */
export const layerAlone = Layer.effect(
  ClusterControl,
  makeControl((node) => {
    const nobody = new NodeUnavailable({ node, detail: "it is not part of this cluster" })
    return { cameras: nobody, drain: nobody, resume: nobody, rebalance: nobody }
  })
)

/** Nodes that ask each other over NATS. */
export const layerNats = Layer.effect(
  ClusterControl,
  Effect.gen(function* () {
    const nats = yield* Nats
    return yield* makeControl((node) => {
      const ask = <A, E>(
        call: (client: Effect.Effect.Success<ReturnType<typeof askNode>>) => Effect.Effect<A, E>
      ): Effect.Effect<A, NodeUnavailable> =>
        Effect.scoped(Effect.flatMap(askNode(node), call)).pipe(
          Effect.provideService(Nats, nats),
          Effect.mapError((error) =>
            error instanceof NodeUnavailable
              ? error
              : new NodeUnavailable({ node, detail: `it could not be asked: ${String(error)}` })
          ),
          Effect.timeoutFail({
            duration: steerLimit,
            onTimeout: () => new NodeUnavailable({ node, detail: `it was not done within ${Duration.format(steerLimit)}` })
          })
        )
      return {
        cameras: ask((client) => client.RunningCameras()),
        drain: ask((client) => client.Drain()),
        resume: ask((client) => client.Resume()),
        rebalance: ask((client) => client.Rebalance())
      }
    })
  })
)
