import { ClusterSchema } from "@effect/cluster"
import { CameraEntity } from "@vigil/core/contract/CameraEntity"
import { CameraId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { type PlacementOverride, type PlacementRefusal, PlacementStore } from "@vigil/core/port/PlacementStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, Effect, Layer, PubSub, Schedule, Stream } from "effect"
import { ClusterNode, ownGroup } from "../cluster/ClusterNode.js"

/** Between two looks at the store where no hint came. */
const interval = "5 seconds"

const defaultGroup = "default"

/**
 * Where cameras run, as this node read it last. A camera's shard group is the own group of the node that it is placed on, while that node is healthy
 * by the very view that shards are given out by; else the group `default`, where its shard says. Whoever calls or serves camera entities does it
 * with this `entity`.
 */
export class CameraPlacement extends Context.Tag("@vigil/runtime/CameraPlacement")<
  CameraPlacement,
  {
    readonly entity: typeof CameraEntity
    readonly group: (id: CameraId) => string
    readonly override: (id: CameraId) => PlacementOverride | undefined
    readonly overrides: () => ReadonlyMap<CameraId, PlacementOverride>
    readonly refusals: () => ReadonlyMap<CameraId, PlacementRefusal>
    /** Reads the store now. */
    readonly refresh: Effect.Effect<void, StoreUnavailable>
    /** Emits after something was read that differs. */
    readonly changes: Stream.Stream<void>
  }
>() {
  static readonly layer: Layer.Layer<CameraPlacement, never, PlacementStore | ClusterNode> = Layer.scoped(
    CameraPlacement,
    Effect.suspend(() => make)
  )
}

const isSame = (a: ReadonlyMap<CameraId, PlacementOverride>, b: ReadonlyMap<CameraId, PlacementOverride>): boolean =>
  a.size === b.size && [...a].every(([id, { node }]) => b.get(id)?.node === node)

const make = Effect.gen(function* () {
  const store = yield* PlacementStore
  const cluster = yield* ClusterNode
  const told = yield* PubSub.sliding<void>(1)
  let overrides: ReadonlyMap<CameraId, PlacementOverride> = new Map()
  let refusals: ReadonlyMap<CameraId, PlacementRefusal> = new Map()

  const isHealthy = (node: NodeName) => cluster.members().some(({ healthy, name }) => healthy && name === node)

  const group = (id: CameraId): string => {
    const node = overrides.get(id)?.node
    return node !== undefined && isHealthy(node) ? ownGroup(node) : defaultGroup
  }

  const refresh = Effect.all([store.overrides, store.refusals]).pipe(
    Effect.flatMap(([placed, refused]) => {
      const before = overrides
      overrides = new Map(placed.map((one) => [one.cameraId, one]))
      refusals = new Map(refused.map((one) => [one.cameraId, one]))
      return isSame(before, overrides) ? Effect.void : Effect.asVoid(PubSub.publish(told, undefined))
    })
  )

  const look = Effect.catchAll(refresh, (error) =>
    Effect.logDebug(`where cameras are placed could not be read: ${error.message}`)
  )
  yield* Stream.merge(store.changes, Stream.fromSchedule(Schedule.spaced(interval))).pipe(
    Stream.runForEach(() => look),
    Effect.forkScoped
  )
  yield* look

  return CameraPlacement.of({
    // The group is looked up at each call: a camera's place may change at any time.
    entity: CameraEntity.annotate(ClusterSchema.ShardGroup, (id) => group(CameraId.make(id))),
    group,
    override: (id) => overrides.get(id),
    overrides: () => overrides,
    refusals: () => refusals,
    refresh,
    changes: Stream.fromPubSub(told)
  })
})
