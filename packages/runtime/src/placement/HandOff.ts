import { EntityId, Sharding } from "@effect/cluster"
import type { CameraId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import type { CameraMove } from "@vigil/core/placement/NodeBalance"
import { PlacementStore } from "@vigil/core/port/PlacementStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Metric, Schedule } from "effect"
import { CameraActors } from "../camera/CameraActors.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { CameraPlacement } from "./CameraPlacement.js"
import { HostedCameras } from "./HostedCameras.js"

/** Cameras that are away at the same time. */
const atOnce = 8
/** An actor that does not end by then keeps its camera here. */
const retireLimit = "5 seconds"
/** A camera that is not started elsewhere by then is taken back. */
const startLimit = "2500 millis"
const askInterval = "100 millis"
const askLimit = "500 millis"
/** For the other node to end what it may have started too late. */
const takeBackPause = "1 second"

const handOffs = Metric.counter("vigil_placement_moves", { description: "Cameras given to other nodes", incremental: true })
const given = Metric.tagged(handOffs, "outcome", "given")
const takenBack = Metric.tagged(handOffs, "outcome", "taken-back")

export interface HandOff {
  /** Gives the cameras to the nodes; answers those that were not started there, which run here again. */
  readonly give: (moves: ReadonlyArray<CameraMove>) => Effect.Effect<ReadonlyArray<CameraMove>>
  /** Gives cameras that were placed here to the nodes that their shards say; answers how many run elsewhere now. */
  readonly giveBack: (cameras: ReadonlyArray<CameraId>) => Effect.Effect<number>
}

/** A refusal by the node that was asked ends the waiting. */
type Outcome = "runs" | "refused" | "silent"

/**
 * How a camera goes from this node to another: its actor ends here, then it is placed there, where the reconciler starts it at once; what does not
 * start is placed here again. At no time two nodes are to run it.
 */
export const makeHandOff = Effect.gen(function* () {
  const store = yield* PlacementStore
  const placement = yield* CameraPlacement
  const hosted = yield* HostedCameras
  const actors = yield* CameraActors
  const { name: own } = yield* ClusterNode
  const client = yield* placement.entity.client
  const sharding = yield* Sharding.Sharding

  const isHere = (id: CameraId) => sharding.hasShardId(sharding.getShardId(EntityId.make(id), placement.group(id)))

  const retire = (id: CameraId) =>
    Effect.suspend(() => actors.get(id)?.retire ?? Effect.void).pipe(
      Effect.timeout(retireLimit),
      Effect.as(true),
      Effect.catchTag("TimeoutException", () => Effect.as(Effect.logWarning(`camera ${id} did not end, and stays here`), false))
    )

  const runsElsewhere = (id: CameraId) =>
    client(id)
      .Status()
      .pipe(
        Effect.timeout(askLimit),
        Effect.map(({ node }) => node !== own),
        // Not started yet, or its node is just going: the next look tells.
        Effect.catchAllCause(() => Effect.succeed(false))
      )

  /** `to` is absent where it is for the shards to say. */
  const outcomeOf = (id: CameraId, to: NodeName | undefined): Effect.Effect<Outcome> =>
    Effect.gen(function* () {
      if (yield* runsElsewhere(id)) return "runs"
      const refusal = placement.refusals().get(id)
      if (refusal !== undefined && refusal.node !== own && (to === undefined || refusal.node === to)) return "refused"
      return "silent"
    }).pipe(
      Effect.tap((outcome) => (outcome === "silent" ? Effect.sleep(askInterval) : Effect.void)),
      Effect.repeat({ until: (outcome: Outcome) => outcome !== "silent" }),
      Effect.timeoutTo({ duration: startLimit, onSuccess: (outcome): Outcome => outcome, onTimeout: (): Outcome => "silent" })
    )

  /** Where the store could not be read the change feed brings it soon. */
  const refresh = Effect.catchAll(placement.refresh, (error) => Effect.logDebug(error.message))

  /** Cameras that wait for somebody to start them, and by whom if it is known. */
  const settle = (cameras: ReadonlyArray<CameraId>, to: NodeName | undefined) =>
    Effect.forEach(cameras, (id) => Effect.map(outcomeOf(id, to), (outcome) => ({ id, outcome })), {
      concurrency: "unbounded"
    })

  const withHeld = <A, E, R>(cameras: ReadonlyArray<CameraId>, work: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        for (const id of cameras) hosted.held.add(id)
      }),
      () => work,
      () => {
        for (const id of cameras) hosted.held.delete(id)
        return hosted.tell
      }
    )

  const warn = (error: StoreUnavailable) => Effect.logWarning(`cameras could not be placed: ${error.message}`)

  const takeBack = (cameras: ReadonlyArray<CameraId>, placedHere: ReadonlySet<CameraId>, to: NodeName) =>
    Effect.gen(function* () {
      yield* store.withdraw(cameras, to)
      yield* store.place(
        cameras.filter((id) => placedHere.has(id)),
        own
      )
      yield* refresh
    }).pipe(Effect.retry(Schedule.spaced("1 second").pipe(Schedule.upTo("30 seconds"))), Effect.catchAll(warn))

  const giveTo = (to: NodeName, cameras: ReadonlyArray<CameraId>) =>
    withHeld(
      cameras,
      Effect.gen(function* () {
        const placedHere = new Set(cameras.filter((id) => placement.override(id)?.node === own))
        const ended = yield* Effect.filter(cameras, retire, { concurrency: "unbounded" })
        yield* store.place(ended, to)
        yield* refresh
        const outcomes = yield* settle(ended, to)
        const failed = outcomes.filter(({ outcome }) => outcome !== "runs")
        if (failed.length > 0) {
          yield* takeBack(
            failed.map(({ id }) => id),
            placedHere,
            to
          )
          if (failed.some(({ outcome }) => outcome === "silent")) yield* Effect.sleep(takeBackPause)
        }
        const gone = new Set(outcomes.filter(({ outcome }) => outcome === "runs").map(({ id }) => id))
        return cameras.filter((id) => !gone.has(id))
      }).pipe(Effect.catchAll((error) => Effect.as(warn(error), cameras)))
    )

  const give = (moves: ReadonlyArray<CameraMove>) =>
    Effect.gen(function* () {
      const back: Array<CameraMove> = []
      for (let first = 0; first < moves.length; first += atOnce) {
        const chunk = moves.slice(first, first + atOnce)
        const targets = [...new Set(chunk.map(({ to }) => to))]
        const left = yield* Effect.forEach(
          targets,
          (to) => {
            const cameras = chunk.filter((move) => move.to === to).map(({ cameraId }) => cameraId)
            return Effect.map(giveTo(to, cameras), (ids) => ids.map((cameraId) => ({ cameraId, to })))
          },
          { concurrency: "unbounded" }
        )
        back.push(...left.flat())
      }
      yield* Metric.incrementBy(given, moves.length - back.length)
      yield* Metric.incrementBy(takenBack, back.length)
      return back
    })

  const giveChunkBack = (cameras: ReadonlyArray<CameraId>) =>
    withHeld(
      cameras,
      Effect.gen(function* () {
        const ended = yield* Effect.filter(cameras, retire, { concurrency: "unbounded" })
        const withdrawn = yield* store.withdraw(ended, own)
        yield* refresh
        // Those whose shards are here go on here.
        const leaving = withdrawn.filter((id) => !isHere(id))
        for (const id of cameras) if (!leaving.includes(id)) hosted.held.delete(id)
        yield* hosted.tell
        const outcomes = yield* settle(leaving, undefined)
        const refused = outcomes.filter(({ outcome }) => outcome === "refused").map(({ id }) => id)
        yield* store.place(refused, own)
        yield* refresh
        return leaving.length - refused.length
      }).pipe(Effect.catchAll((error) => Effect.as(warn(error), 0)))
    )

  const giveBack = (cameras: ReadonlyArray<CameraId>) =>
    Effect.gen(function* () {
      let count = 0
      for (let first = 0; first < cameras.length; first += atOnce)
        count += yield* giveChunkBack(cameras.slice(first, first + atOnce))
      return count
    })

  const handOff: HandOff = { give, giveBack }
  return handOff
})
