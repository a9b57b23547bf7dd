import type { CameraId } from "@vigil/core/Ids"
import { type CameraMove, type HostedCamera, plan, takenBack } from "@vigil/core/placement/NodeBalance"
import { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { Context, Effect, Layer, Schedule } from "effect"
import { CameraActors } from "../camera/CameraActors.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Balancing } from "./Balancing.js"
import { CameraPlacement } from "./CameraPlacement.js"
import { makeHandOff } from "./HandOff.js"
import { HostedCameras } from "./HostedCameras.js"
import { NodeMonitor } from "./NodeMonitor.js"
import { NodeRegistry } from "./NodeRegistry.js"

const interval = "1 second"
/** How long the last actors may take to end after the last shard is gone. */
const emptyLimit = "10 seconds"

/**
 * Steers which cameras this node has: once a second it looks whether some have to go to other nodes, by the pure `plan`, and gives them away one batch
 * after the other. Operators steer it by hand.
 */
export class NodeSteering extends Context.Tag("@vigil/runtime/NodeSteering")<
  NodeSteering,
  {
    /** Gives all cameras away and takes none; answers how many went, when the last one is gone. */
    readonly drain: Effect.Effect<number, NodeUnavailable>
    readonly resume: Effect.Effect<void>
    /** Gives the cameras that were placed here back to the nodes that their shards say; answers how many went. */
    readonly rebalance: Effect.Effect<number>
    /** Enabled cameras that run here. */
    readonly cameras: Effect.Effect<ReadonlyArray<CameraId>>
  }
>() {
  static readonly layer = Layer.scoped(
    NodeSteering,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const cluster = yield* ClusterNode
  const actors = yield* CameraActors
  const placement = yield* CameraPlacement
  const hosted = yield* HostedCameras
  const monitor = yield* NodeMonitor
  const registry = yield* NodeRegistry
  const handOff = yield* makeHandOff
  const policy = yield* Balancing
  /** One batch, drain or rebalance at a time. */
  const turn = yield* Effect.makeSemaphore(1)
  const { name } = cluster

  const placed = (id: CameraId): Pick<HostedCamera, "placed"> => {
    const override = placement.override(id)
    return override?.node === name ? { placed: { moves: override.moves, at: override.movedAt.epochMillis } } : {}
  }

  const running = () => [...actors.values()].filter((actor) => actor.pulse().state._tag !== "Disabled")

  const cameras = (): ReadonlyArray<HostedCamera> => [
    ...running()
      .filter(({ id }) => !hosted.held.has(id) && !hosted.refused.has(id))
      .map(({ id, tenantId }) => ({ id, tenantId, running: true, ...placed(id) })),
    ...[...hosted.refused.values()]
      .filter(({ camera: { id } }) => !hosted.held.has(id))
      .map(({ camera: { id, tenantId } }) => ({ id, tenantId, running: false, ...placed(id) }))
  ]

  const nextMoves = Effect.sync((): ReadonlyArray<CameraMove> => {
    const peers = registry.nodes().filter((node) => node.name !== name)
    const view = { self: monitor.report(), peers, cameras: cameras(), now: monitor.now() }
    const [balance, moves] = plan(monitor.balance, view, policy)
    monitor.balance = balance
    return moves
  })

  const perform = (moves: ReadonlyArray<CameraMove>) =>
    Effect.gen(function* () {
      const taker = [...new Set(moves.map(({ to }) => to))].join(", ")
      yield* Effect.logInfo(`${moves.length} cameras go to ${taker}`)
      const back = yield* handOff.give(moves)
      for (const move of back) monitor.balance = takenBack(monitor.balance, move, monitor.now(), policy)
      if (back.length > 0) yield* Effect.logWarning(`${back.length} cameras were not started on ${taker}`)
      return moves.length - back.length
    })

  const balance = Effect.gen(function* () {
    const moves = yield* nextMoves
    if (moves.length > 0) yield* perform(moves)
  })

  yield* balance.pipe(
    turn.withPermits(1),
    Effect.catchAllCause((cause) => Effect.logWarning("cameras could not be given to other nodes; trying again", cause)),
    Effect.repeat(Schedule.spaced(interval)),
    Effect.forkScoped
  )

  const placedHere = () => [...placement.overrides().values()].filter(({ node }) => node === name).map(({ cameraId }) => cameraId)

  const others = () => registry.nodes().filter((node) => node.name !== name && node.roles.includes("camera"))

  /** First those that were placed here, to nodes with room: their shards, which are elsewhere, must not get them while they still run here. */
  const emptyPlaced = Effect.gen(function* () {
    let moves = yield* nextMoves
    while (moves.length > 0) {
      yield* perform(moves)
      monitor.balance = { ...monitor.balance, nextUrgent: 0 }
      moves = yield* nextMoves
    }
    yield* handOff.giveBack(placedHere())
  })

  const waitUntilEmpty = Effect.sync(() => running().length).pipe(
    Effect.repeat({ until: (left: number) => left === 0, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutFail({
      duration: emptyLimit,
      onTimeout: () => new NodeUnavailable({ node: name, detail: `${running().length} cameras still run here` })
    })
  )

  const drain = Effect.gen(function* () {
    if (!others().some(({ state }) => state === "up" || state === "full")) {
      return yield* new NodeUnavailable({ node: name, detail: "there is no other node to take its cameras" })
    }
    const before = running().length
    monitor.draining = true
    yield* registry.announce
    yield* emptyPlaced
    yield* cluster.drain
    yield* waitUntilEmpty
    yield* registry.announce
    return before
  }).pipe(
    // Not begun, it is not draining; begun and not finished, it goes on until somebody says otherwise.
    Effect.tapError(() =>
      Effect.sync(() => {
        monitor.draining = cluster.draining()
      })
    ),
    turn.withPermits(1)
  )

  return NodeSteering.of({
    drain,
    resume: Effect.suspend(() => {
      monitor.draining = false
      return Effect.all([cluster.resume, registry.announce, hosted.tell], { discard: true })
    }),
    rebalance: Effect.suspend(() => handOff.giveBack(placedHere())).pipe(turn.withPermits(1)),
    cameras: Effect.sync(() => running().map(({ id }) => id))
  })
})
